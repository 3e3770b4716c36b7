import { inWords } from '../../shared/disk-space.ts'
import { EngineError, type Engine } from '../../shared/engine/engine.ts'
import type { Store } from '../../shared/store/store.ts'
import type { VolumeRow } from '../../shared/store/volumes.ts'

/** As much stays free as a pull leaves. */
const RESERVE = { part: 0.02, most: 1e9 }

/** Before copies of volumes, which are measured for it. @throws EngineError `disk-full` with the figures */
export async function checkRoom(
  { engine, store }: { engine: Pick<Engine, 'disk' | 'volumeBytes'>; store: Pick<Store, 'volumes'> },
  sources: Iterable<VolumeRow>,
): Promise<void> {
  let bytes = 0
  for (const { engine: volume } of sources) {
    const found = await engine.volumeBytes(volume)
    if (found === undefined) continue
    store.volumes.note(volume, found, Date.now())
    bytes += found
  }
  const disk = bytes > 0 ? await engine.disk() : undefined
  if (!disk || bytes <= disk.free - Math.min(RESERVE.most, disk.total * RESERVE.part)) return
  throw new EngineError(
    'disk-full',
    `a copy needs ${inWords(bytes)}, ${inWords(disk.free)} are free on the engine's disk (${disk.root})`,
  )
}
