/** What volumes of a stack begin with. */
import { EngineError } from '../../shared/engine/engine.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import type { Volume } from '../../shared/stack/stack.ts'
import type { Store } from '../../shared/store/store.ts'
import type { VolumeRow } from '../../shared/store/volumes.ts'
import { whyNotBegin } from './begin-with.ts'

export interface Sources {
  /** By the name of the volume that it is copied into. */
  volumes: Map<string, VolumeRow>
  /** Null where none begins with a snapshot. */
  salt: string | null
}

/** @throws EngineError `bad-stack` */
export function sourcesOf(
  { store }: { store: Pick<Store, 'volumes' | 'snapshots' | 'standing'> },
  id: PreviewId,
  needed: readonly Pick<Volume, 'name' | 'from'>[],
): Sources {
  const all = store.volumes.list()
  const sources: Sources = { volumes: new Map(), salt: null }
  for (const { name, from } of needed) {
    if (from === null) continue
    const refuse = (why: string) =>
      new EngineError('bad-stack', `volumes.${name}.x-lotan.from: snapshot ${from} ${why}`)
    const snapshot = store.snapshots.find(from)
    const why = whyNotBegin(snapshot, { id, standing: store.standing(id, Date.now()) })
    if (why) throw refuse(why)
    const source = all.find((volume) => volume.snapshot === from && volume.name === name && volume.state === 'current')
    if (!source) throw refuse(`has no volume ${name}`)
    const { salt } = snapshot!
    // One preview has one set of secrets.
    if (sources.salt !== null && sources.salt !== salt)
      throw refuse('has other secrets than the one that another volume begins with')
    sources.volumes.set(name, source)
    sources.salt = salt
  }
  return sources
}
