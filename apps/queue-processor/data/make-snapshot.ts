/** Makes the snapshot that was asked for. After a crash it is begun anew: a round removes what was half made. */
import type { Snapshot } from '../../shared/store/store.ts'
import { generationOf, type Preview } from '../../shared/preview/preview.ts'
import { logFields } from '../../shared/preview/preview-id.ts'
import type { Dependencies } from '../dependencies.ts'
import { whileFrozen } from './freeze.ts'

type Needs = Pick<Dependencies, 'engine' | 'store' | 'volumes' | 'log'>

/** @throws EngineError; its words are for who asked */
export async function makeSnapshot(deps: Needs, { name, preview: id, by }: Snapshot): Promise<void> {
  const { store, volumes, log } = deps
  const preview = store.get(id)
  const own = store.volumes.of(id)
  if (own.length === 0) return store.snapshots.fail(name, `${id} has no volumes any more`)
  const digest = preview?.image?.digest ?? null
  const revision = preview?.image?.labels['org.opencontainers.image.revision'] ?? null
  const salt = store.stackSalts.of(id)
  await volumes.hasRoomFor(own)
  const snapshot = { name, by: by.who, digest, revision }
  await volumes.filling(async (make) => {
    const made = await Promise.all(own.map((volume) => make({ id, name: volume.name, salt, snapshot })))
    const copies = () => Promise.all(own.map((volume, i) => volumes.copy(volume.engine, made[i]!)))
    const { frozen } = await whileFrozen(deps, id, copies)
    const what = { digest, revision, stack: stackOf(preview), salt, frozen: Math.ceil(frozen) }
    if (!store.snapshots.finish(name, made, what, Date.now())) return
    for (const [i, engine] of made.entries()) store.volumes.note(engine, own[i]!.bytes ?? 0, Date.now())
    log.info({ ...logFields(id), snapshot: name, volumes: own.length, frozen: Math.ceil(frozen) }, 'snapshot made')
  })
}

function stackOf(preview: Preview | undefined): string | null {
  return (preview && generationOf(preview)?.stack) ?? null
}
