/** Volumes of an instance, found by their labels: also where the database is lost. */
import type Docker from 'dockerode'
import { call, readAnswer, undefinedIfMissing } from './call.ts'
import { EngineError } from './error.ts'
import type { PreviewId } from '../preview/preview-id.ts'
import { previewLabels } from './preview-labels.ts'
import { readVolumeLabels, type VolumeFacts } from './volume-labels.ts'

/** A large one takes long to delete. */
const REMOVE_MS = 120_000

export interface FoundVolume extends VolumeFacts {
  /** Its name on the engine. */
  engine: string
}

/** One that exists already is no error. */
export async function createVolume(docker: Docker, engine: string, labels: Record<string, string>): Promise<void> {
  await call(`making the volume ${engine}`, (abort) => docker.createVolume({ Name: engine, Labels: labels, ...abort }))
}

/** Those with an instance's labels, the oldest first. @param preview only its own, and those of snapshots of it */
export async function listVolumes(docker: Docker, instance: string, preview?: PreviewId): Promise<FoundVolume[]> {
  const own = preview === undefined ? {} : previewLabels(preview)
  const labels = Object.entries({ 'lotan.instance': instance, ...own }).map(([key, value]) => `${key}=${value}`)
  const filters = { label: labels }
  const found = await call('listing volumes', (abort) => docker.listVolumes({ filters, ...abort } as object))
  return readAnswer('listing volumes', () =>
    // An engine without any says null.
    ((found.Volumes as Docker.VolumeInspectInfo[] | null) ?? [])
      .flatMap((info) => toVolume(info) ?? [])
      // A volume of the nameless repository has no label that the engine could filter by.
      .filter((volume) => preview === undefined || volume.preview === preview)
      .sort((a, b) => a.created - b.created || (a.engine < b.engine ? -1 : 1)),
  )
}

function toVolume({ Name, Labels }: Docker.VolumeInspectInfo): FoundVolume | undefined {
  const facts = readVolumeLabels(Labels ?? {})
  return facts && { engine: Name, ...facts }
}

/** Where the engine keeps its files; undefined where there is no such volume. */
export async function mountpointOf(docker: Docker, engine: string): Promise<string | undefined> {
  const info = await undefinedIfMissing(
    call(`inspecting the volume ${engine}`, (abort) => docker.getVolume(engine).inspect({ ...abort } as object)),
  )
  return info?.Mountpoint
}

/** Never by force. @returns `in-use` while a container mounts it, even one that is stopped */
export async function removeVolume(docker: Docker, engine: string): Promise<'removed' | 'in-use' | 'gone'> {
  try {
    await call(`removing the volume ${engine}`, (abort) => docker.getVolume(engine).remove({ ...abort }), {
      ms: REMOVE_MS,
    })
    return 'removed'
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    if (error.code === 'missing') return 'gone'
    if ((error.cause as { statusCode?: number } | undefined)?.statusCode === 409) return 'in-use'
    throw error
  }
}
