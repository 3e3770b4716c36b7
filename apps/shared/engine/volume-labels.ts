/** The only file that writes and reads the labels of volumes. They cannot be changed once a volume is made. Pure. */
import type { PreviewId } from '../preview/preview-id.ts'
import { previewLabels, previewOf } from './preview-labels.ts'

export interface VolumeFacts {
  /** The preview that it is, or was, of. */
  preview: PreviewId
  /** As its stack names it. */
  name: string
  /** What the secrets are made of that its data may hold. */
  salt: string
  /** Milliseconds since 1970: what the engine tells is when something was written last. */
  created: number
  /** Null for a preview's own. */
  snapshot: SnapshotFacts | null
}

/** A snapshot is known by its volumes where the database is lost. */
export interface SnapshotFacts {
  name: string
  /** Who made it. */
  by: string
  digest: string | null
  revision: string | null
}

const VOLUME = 'lotan.volume'
const SALT = 'lotan.salt'
const CREATED = 'lotan.created'
const SNAPSHOT = 'lotan.snapshot'
const BY = 'lotan.snapshot-by'
const DIGEST = 'lotan.snapshot-digest'
const REVISION = 'lotan.snapshot-revision'

/** @param reference where the preview's images come from, `HOST/NAME` */
export function volumeLabels(volume: VolumeFacts, instance: string, reference: string): Record<string, string> {
  const { snapshot } = volume
  return {
    'lotan.managed': 'true',
    'lotan.instance': instance,
    'lotan.repository': reference,
    ...previewLabels(volume.preview),
    [VOLUME]: volume.name,
    [SALT]: volume.salt,
    [CREATED]: String(volume.created),
    ...(snapshot && { [SNAPSHOT]: snapshot.name, [BY]: snapshot.by }),
    ...(snapshot?.digest && { [DIGEST]: snapshot.digest }),
    ...(snapshot?.revision && { [REVISION]: snapshot.revision }),
  }
}

/** @returns undefined for what is no volume of a preview */
export function readVolumeLabels(labels: Record<string, string>): VolumeFacts | undefined {
  const preview = previewOf(labels)
  const { [VOLUME]: name, [SALT]: salt, [CREATED]: created, [SNAPSHOT]: snapshot } = labels
  if (preview === undefined || name === undefined || salt === undefined) return undefined
  return {
    preview,
    name,
    salt,
    created: Number(created) || 0,
    snapshot:
      snapshot === undefined
        ? null
        : {
            name: snapshot,
            by: labels[BY] ?? '',
            digest: labels[DIGEST] ?? null,
            revision: labels[REVISION] ?? null,
          },
  }
}
