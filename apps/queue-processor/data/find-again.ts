/** A database that was lost, or is older than the engine's volumes: their labels say whose they are. */
import type { Engine, FoundVolume } from '../../shared/engine/engine.ts'
import type { Log } from '../../shared/log.ts'
import { idOf, splitId } from '../../shared/preview/preview-id.ts'
import type { Store } from '../../shared/store/store.ts'

/**
 * Two of one name: the older one counts, since the other may be half of a copy. The other is kept as long as data without
 * a container are.
 * @param gone engine names of those that were removed, perhaps while the engine made its list
 */
export async function findAgain(
  {
    store,
    engine,
    log,
  }: { store: Pick<Store, 'volumes' | 'stackSalts' | 'snapshots'>; engine: Pick<Engine, 'listVolumes'>; log: Log },
  gone: ReadonlySet<string>,
): Promise<void> {
  const found = await engine.listVolumes()
  if (found.length === 0) return
  const isThere = new Set(found.map(({ engine: volume }) => volume))
  // Read after the engine's list: a row that is ahead of it is being worked on.
  const rows = store.volumes.list()
  const known = new Set(rows.map(({ engine: volume }) => volume))
  const unknown = found.filter(({ engine: volume }) => !known.has(volume) && !gone.has(volume))
  const now = Date.now()
  for (const { engine: volume, preview, name, salt, created, snapshot } of unknown) {
    if (snapshot !== null) {
      addSnapshot(store, { engine: volume, preview, name, salt, created, snapshot })
      continue
    }
    const current = store.volumes.of(preview).find((row) => row.name === name)
    const isCurrent = !current || !isThere.has(current.engine)
    if (isCurrent && current) store.volumes.forget(current.engine)
    store.volumes.add({
      ...splitId(preview),
      engine: volume,
      name,
      snapshot: null,
      state: isCurrent ? 'current' : 'old',
      created,
      image: null,
      bytes: null,
      measuredAt: null,
      usedAt: now,
      keep: null,
      source: null,
    })
    if (isCurrent && store.stackSalts.find(preview) === undefined) store.stackSalts.set(preview, salt)
    log.warn(
      { preview: idOf(splitId(preview)), volume, isCurrent },
      'a volume that the database did not know was found',
    )
  }
}

/** What was published is so no more: an admin says it again. */
function addSnapshot({ volumes, snapshots }: Pick<Store, 'volumes' | 'snapshots'>, found: FoundVolume): void {
  const { engine, preview, name, salt, created } = found
  const snapshot = found.snapshot!
  const has = volumes
    .list()
    .some((row) => row.snapshot === snapshot.name && row.name === name && row.state === 'current')
  const times = { created, usedAt: created, measuredAt: null, bytes: null }
  const of = { ...splitId(preview), engine, name, snapshot: snapshot.name, image: null, source: null }
  volumes.add({ ...of, ...times, state: has ? 'old' : 'current', keep: has ? null : 0 })
  if (snapshots.find(snapshot.name)) return
  snapshots.add({
    name: snapshot.name,
    preview,
    state: 'ready',
    created,
    by: { who: snapshot.by, address: null },
    digest: snapshot.digest,
    revision: snapshot.revision,
    stack: null,
    salt,
    published: false,
    frozen: null,
    reason: null,
  })
}
