/** What is known of the services and volumes of previews. */
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import { idOf } from '../../shared/preview/preview-id.ts'
import type { ServiceRow } from '../../shared/stack/service-state.ts'
import type { VolumeRow } from '../../shared/store/volumes.ts'
import type { RouterContext } from '../context.ts'

export interface StackRows {
  /** In the order of its stack. */
  services: readonly ServiceRow[]
  /** Without those of snapshots, and those that are being filled or are to go. */
  volumes: readonly VolumeRow[]
}

export const noStack: StackRows = { services: [], volumes: [] }

type Rows = Pick<RouterContext['store'], 'services' | 'volumes'>

export function stackRowsOf(id: PreviewId, { services, volumes }: Rows): StackRows {
  return { services: services.of(id), volumes: volumes.of(id) }
}

/** Of all previews, read once: a list asks for each. */
export function allStackRows({ services, volumes }: Rows): (id: PreviewId) => StackRows {
  const ofServices = Map.groupBy(services.list(), idOf)
  const own = volumes.list().filter(({ snapshot, state }) => snapshot === null && state === 'current')
  const ofVolumes = Map.groupBy(own, idOf)
  return (id) => ({ services: ofServices.get(id) ?? [], volumes: ofVolumes.get(id) ?? [] })
}
