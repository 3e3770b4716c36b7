/**
 * The volumes of previews. A row comes before the engine's volume, and goes after it: what a crash leaves is known, and a
 * round takes it away. New data always comes into a new volume, which then takes the old one's place in one transaction.
 */
import { randomBytes } from 'node:crypto'
import { LOTAN } from '../../shared/actor.ts'
import type { Config } from '../../shared/config/config.ts'
import { EngineError, type Engine } from '../../shared/engine/engine.ts'
import { volumeLabels, type VolumeFacts } from '../../shared/engine/volume-labels.ts'
import type { Log } from '../../shared/log.ts'
import type { Image } from '../../shared/preview/preview.ts'
import { idOf, logFields, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import { referenceOf } from '../../shared/repository.ts'
import { volumeName } from '../../shared/slots/container-name.ts'
import type { Stack, Volume } from '../../shared/stack/stack.ts'
import type { Store } from '../../shared/store/store.ts'
import type { VolumeRow } from '../../shared/store/volumes.ts'
import { checkRoom } from './check-room.ts'
import { copier, type Copier } from './copy-image.ts'
import { findAgain } from './find-again.ts'
import { needOf, volumesDue } from './plan-volumes.ts'
import { sourcesOf } from './sources.ts'

export interface Needs {
  config: Pick<Config, 'instance' | 'repositories' | 'dataFor' | 'forge'>
  store: Pick<Store, 'volumes' | 'snapshots' | 'resets' | 'stackSalts' | 'services' | 'list' | 'standing' | 'noteDone'>
  engine: Pick<
    Engine,
    'listVolumes' | 'createVolume' | 'removeVolume' | 'copyVolume' | 'volumeBytes' | 'disk' | 'findImage' | 'build'
  >
  log: Log
}

/** `salt`: what the secrets in its data are made of. `source`: the snapshot that it begins with. */
export type NewVolume = Omit<VolumeFacts, 'preview' | 'created'> & { id: PreviewId } & Partial<
    Pick<VolumeRow, 'keep' | 'image' | 'source'>
  >

/** So long the engine is taken to have the copier's image. */
const READY_MS = 60_000

export type Volumes = ReturnType<typeof openVolumes>

export function openVolumes(deps: Needs) {
  const { config, store, engine, log } = deps
  /** Engine names of what is being filled: a round leaves it alone. */
  const under = new Set<string[]>()
  /** Engine names, which are never given again: a list that the engine gave before may still have them. */
  const gone = new Set<string>()
  let known: Promise<void> | undefined
  let ready: { at: number; copier: Copier } | undefined

  /** Rows and salts that a lost database does not have are made again, before anything uses them. */
  async function knowAll(): Promise<void> {
    known ??= findAgain(deps, gone)
    await known.catch((error: unknown) => {
      known = undefined
      throw error
    })
  }

  /** @returns the engine's name of an empty volume, which its preview, or its snapshot, does not have yet */
  async function make({
    id,
    name,
    salt,
    snapshot,
    keep = null,
    image = null,
    source = null,
  }: NewVolume): Promise<string> {
    const now = Date.now()
    const made = volumeName(config.instance, id, name, randomBytes(4).toString('hex'))
    const times = { created: now, usedAt: now, measuredAt: null, bytes: null }
    const of = { ...splitId(id), name, snapshot: snapshot?.name ?? null }
    store.volumes.add({ ...of, ...times, engine: made, state: 'filling', image, keep, source })
    const facts = { preview: id, name, salt, created: now, snapshot }
    await engine.createVolume(made, volumeLabels(facts, config.instance, referenceOf(id, config)))
    return made
  }

  /** @param fill makes volumes, fills them, and says in the database whose they are: what it does not say goes again */
  async function fillNew<T>(fill: (make: (volume: NewVolume) => Promise<string>) => Promise<T>): Promise<T> {
    const made: string[] = []
    const noted = async (volume: NewVolume) => {
      const name = await make(volume)
      made.push(name)
      return name
    }
    under.add(made)
    try {
      return await fill(noted)
    } finally {
      under.delete(made)
      const kept = new Set(store.resets.open().flatMap(({ filled }) => filled?.volumes ?? []))
      const left = store.volumes
        .list()
        .filter(({ engine: volume, state }) => state === 'filling' && made.includes(volume))
      await removeOnes(left.map(({ engine: volume }) => volume).filter((volume) => !kept.has(volume)))
    }
  }

  async function readyCopier(): Promise<Copier> {
    if (!ready || Math.abs(Date.now() - ready.at) > READY_MS) ready = { at: Date.now(), copier: await copier(engine) }
    return ready.copier
  }

  async function copy(from: string, to: string): Promise<void> {
    const tryIt = async () => engine.copyVolume({ from, to, ...(await readyCopier()) })
    await tryIt().catch((error: unknown) => {
      if (!(error instanceof EngineError) || error.code !== 'missing') throw error
      // Another program removed the image.
      ready = undefined
      return tryIt()
    })
  }

  /** The next round tries again where it is in use. */
  async function remove(volume: string): Promise<void> {
    const done = await engine.removeVolume(volume)
    if (done === 'in-use') return
    gone.add(volume)
    store.volumes.forget(volume)
    log.info({ volume }, 'volume removed')
  }

  /** An engine that fails leaves them to the next round. */
  async function removeOnes(volumes: readonly string[]): Promise<void> {
    for (const volume of volumes)
      await remove(volume).catch((error: unknown) => {
        if (!(error instanceof EngineError)) throw error
        log.warn({ volume, error: error.message }, 'a volume could not be removed, the next round tries again')
      })
  }

  function noteLost(id: PreviewId, { name, engine: volume }: VolumeRow): void {
    log.warn({ ...logFields(id), volume }, 'a volume is gone from the engine: it is made again, empty')
    store.noteDone(id, { type: 'volumeLost', volume: name }, Date.now(), LOTAN)
  }

  /** @throws EngineError `bad-stack` where a volume cannot begin with the snapshot that it is to begin with */
  async function makeNeeded(id: PreviewId, needed: readonly Volume[], image: string): Promise<void> {
    const sources = sourcesOf({ store }, id, needed)
    const salt = sources.salt ?? store.stackSalts.of(id)
    await hasRoomFor(sources.volumes.values())
    await fillNew(async (make) => {
      const made: string[] = []
      for (const { name, keep, from } of needed) {
        const source = sources.volumes.get(name)
        const volume = await make({ id, name, salt, snapshot: null, keep, image, source: source ? from : null })
        if (source) await copy(source.engine, volume)
        made.push(volume)
      }
      store.volumes.switchTo(made, sources.salt === null ? undefined : { id, salt })
    })
  }

  /** @throws EngineError `disk-full` with the figures */
  async function hasRoomFor(sources: Iterable<VolumeRow>): Promise<void> {
    await checkRoom(deps, sources)
    // A preview may stand still for what comes now.
    await readyCopier()
  }

  /** Those that others have taken the place of. */
  async function removeOld(id: PreviewId): Promise<void> {
    const left = store.volumes.list().filter((volume) => idOf(volume) === id && volume.state === 'old')
    await removeOnes(left.filter(({ keep }) => keep === 0).map(({ engine: volume }) => volume))
  }

  async function removeAll(id: PreviewId): Promise<void> {
    const { repository, tag } = splitId(id)
    store.volumes.retireAll(id)
    const own = store.volumes.list().filter((volume) => volume.repository === repository && volume.tag === tag)
    await removeOnes(own.filter(({ snapshot }) => snapshot === null).map(({ engine: volume }) => volume))
  }

  return {
    /**
     * Makes what the stack names and the preview does not have.
     * @param image the application's, which is to use them
     * @returns the engine's name of each, by its name in the stack: another name is another volume
     */
    async ensure(
      id: PreviewId,
      { volumes }: Pick<Stack, 'volumes'>,
      image: Pick<Image, 'id'>,
    ): Promise<Map<string, string>> {
      if (volumes.length === 0) return new Map()
      await knowAll()
      if (store.resets.finish(id, Date.now())) log.info({ ...logFields(id) }, 'the preview has new data')
      const found = new Set((await engine.listVolumes(id)).map(({ engine: volume }) => volume))
      const rows = new Map(store.volumes.of(id).map((row) => [row.name, row]))
      const needed = volumes.filter((volume) => {
        const row = rows.get(volume.name)
        const need = needOf(volume, row, found.has(row?.engine ?? ''), image.id)
        if (need === 'lost') noteLost(id, row!)
        return need !== 'none'
      })
      if (needed.length > 0) await makeNeeded(id, needed, image.id)
      const now = Date.now()
      for (const { name, keep } of volumes) store.volumes.use(id, name, { image: image.id, keep }, now)
      await removeOld(id)
      return new Map(store.volumes.of(id).map((row) => [row.name, row.engine]))
    },

    /** Of a preview that is to leave nothing: what its secrets are made of goes too. Its containers are gone already. */
    removeAll,

    removeOld,
    hasRoomFor,
    filling: fillNew,
    copy,

    /** Removes what is kept no longer, and what a crash has left. @throws EngineError */
    async round(now: number): Promise<void> {
      await findAgain(deps, gone)
      const due = volumesDue(
        {
          volumes: store.volumes.list(),
          previews: new Map(store.list().map((preview) => [idOf(preview), preview])),
          services: store.services.list(),
          standingOf: (id) => store.standing(id, now),
          filling: new Set(
            [...under].flat().concat(store.resets.open().flatMap(({ filled }) => filled?.volumes ?? [])),
          ),
          dataFor: config.dataFor,
          closedAfter: config.forge?.closedAfter ?? 0,
        },
        now,
      )
      for (const id of due.touch) store.volumes.touch(id, now)
      for (const id of due.removeAll) await removeAll(id)
      await removeOnes(due.remove)
      store.stackSalts.forgetUnused()
    },
  }
}
