/** Rows of services and volumes, as the queue-processor writes them. */
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { ServiceRow } from '../../shared/stack/service-state.ts'
import type { VolumeRow } from '../../shared/store/volumes.ts'

/** Runs since 1970, unless it is said otherwise. */
export function serviceRow(id: PreviewId, name: string, more: Partial<ServiceRow> = {}): ServiceRow {
  return {
    ...splitId(id),
    name,
    place: 0,
    state: 'running',
    since: 0,
    image: `${name}:1`,
    imageId: `sha256:${name}`,
    digest: null,
    container: `container-of-${name}`,
    spec: null,
    slot: null,
    port: null,
    label: null,
    crashes: 0,
    restartAt: null,
    reason: null,
    ...more,
  }
}

export function volumeRow(id: PreviewId, name: string, more: Partial<VolumeRow> = {}): VolumeRow {
  return {
    ...splitId(id),
    engine: `volume-${splitId(id).tag}-${name}`,
    name,
    snapshot: null,
    state: 'current',
    created: 0,
    image: null,
    bytes: null,
    measuredAt: null,
    usedAt: 0,
    keep: null,
    source: null,
    ...more,
  }
}
