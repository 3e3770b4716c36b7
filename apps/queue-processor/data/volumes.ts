/**
 * The volumes of previews. A row comes before the engine's volume, and goes after it: what a crash leaves is known, and a
 * round takes it away. New data always comes into a new volume, which then takes the old one's place in one transaction.
 */
import { randomBytes } from 'node:crypto'
import { LOTAN } from '../../shared/actor.ts'
import type { Config } from '../../shared/config/config.ts'
import { EngineError, type Engine } from '../../shared/engine/engine.ts'
import { volumeLabels } from '../../shared/engine/volume-labels.ts'
import type { Log } from '../../shared/log.ts'
import type { Image } from '../../shared/preview/preview.ts'
import { idOf, logFields, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import { referenceOf } from '../../shared/repository.ts'
import { volumeName } from '../../shared/slots/container-name.ts'
import type { Stack, Volume } from '../../shared/stack/stack.ts'
import type { Store } from '../../shared/store/store.ts'
import type { VolumeRow } from '../../shared/store/volumes.ts'
import { findAgain } from './find-again.ts'
import { needOf, volumesDue } from './plan-volumes.ts'

export interface Needs {
  config: Pick<Config, 'instance' | 'repositories' | 'dataFor' | 'forge'>
  store: Pick<Store, 'volumes' | 'stackSalts' | 'services' | 'list' | 'standing' | 'noteDone'>
  engine: Pick<Engine, 'listVolumes' | 'createVolume' | 'removeVolume'>
  log: Log
}

export type Volumes = ReturnType<typeof openVolumes>

export function openVolumes(deps: Needs) {
  const { config, store, engine, log } = deps
  /** Engine names: a round leaves them alone. */
  const filling = new Set<string>()
  /** Engine names, which are never given again: a list that the engine gave before may still have them. */
  const gone = new Set<string>()
  let known: Promise<void> | undefined

  /** Rows and salts that a lost database does not have are made again, before anything uses them. */
  async function knowAll(): Promise<void> {
    known ??= findAgain(deps, gone)
    await known.catch((error: unknown) => {
      known = undefined
      throw error
    })
  }

  /** @returns the row of an empty volume that the engine has, and that its preview does not have yet */
  async function make(id: PreviewId, { name, keep }: Pick<Volume, 'name' | 'keep'>, image: string): Promise<VolumeRow> {
    const now = Date.now()
    const row: VolumeRow = {
      ...splitId(id),
      engine: volumeName(config.instance, id, name, randomBytes(4).toString('hex')),
      name,
      snapshot: null,
      state: 'filling',
      created: now,
      image,
      bytes: null,
      measuredAt: null,
      usedAt: now,
      keep,
    }
    filling.add(row.engine)
    store.volumes.add(row)
    const facts = { preview: id, name, salt: store.stackSalts.of(id), created: now, snapshot: null }
    await engine.createVolume(row.engine, volumeLabels(facts, config.instance, referenceOf(id, config)))
    return row
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
      const found = new Set((await engine.listVolumes(id)).map(({ engine: volume }) => volume))
      const rows = new Map(store.volumes.of(id).map((row) => [row.name, row]))
      const made: string[] = []
      try {
        for (const volume of volumes) {
          const row = rows.get(volume.name)
          const need = needOf(volume, row, found.has(row?.engine ?? ''), image.id)
          if (need === 'none') continue
          if (need === 'lost') noteLost(id, row!)
          made.push((await make(id, volume, image.id)).engine)
        }
        if (made.length > 0) store.volumes.switchTo(made)
      } finally {
        for (const volume of made) filling.delete(volume)
      }
      const now = Date.now()
      for (const { name, keep } of volumes) store.volumes.use(id, name, { image: image.id, keep }, now)
      const left = store.volumes.list().filter((volume) => idOf(volume) === id && volume.state === 'old')
      await removeOnes(left.filter(({ keep }) => keep === 0).map(({ engine: volume }) => volume))
      return new Map(store.volumes.of(id).map((row) => [row.name, row.engine]))
    },

    /** Of a preview that is to leave nothing: what its secrets are made of goes too. Its containers are gone already. */
    removeAll,

    /** Removes what is kept no longer, and what a crash has left. @throws EngineError */
    async round(now: number): Promise<void> {
      await findAgain(deps, gone)
      const due = volumesDue(
        {
          volumes: store.volumes.list(),
          previews: new Map(store.list().map((preview) => [idOf(preview), preview])),
          services: store.services.list(),
          standingOf: (id) => store.standing(id, now),
          filling,
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
