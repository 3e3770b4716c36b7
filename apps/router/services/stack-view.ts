import type { ServicesJson, VolumesJson } from '../../shared/api/preview-services.ts'
import { urlOf, type Config } from '../../shared/config/config.ts'
import { containerInUse, type ServiceRow } from '../../shared/stack/service-state.ts'
import type { VolumeRow } from '../../shared/store/volumes.ts'
import type { Figures } from '../reaper-client.ts'
import { isFailing } from './service-words.ts'

type Naming = Pick<Config, 'domain' | 'publicUrl'>

export function servicesJson(services: readonly ServiceRow[], naming: Naming): ServicesJson {
  return services.map((service) => ({
    name: service.name,
    state: service.state,
    since: new Date(service.since).toISOString(),
    image: service.image,
    digest: service.digest,
    url: secondUrl(service, naming),
    crashes: service.crashes,
    restartsAt: service.restartAt === null ? null : new Date(service.restartAt).toISOString(),
    reason: isFailing(service) ? (service.reason?.code ?? null) : null,
  }))
}

/** Without a final slash; null where it has no second host. */
export function secondUrl({ label }: Pick<ServiceRow, 'label'>, naming: Naming): string | null {
  return label === null ? null : urlOf(`${label}.${naming.domain}`, naming)
}

export function volumesJson(volumes: readonly VolumeRow[]): VolumesJson {
  return volumes.map(({ name, bytes, measuredAt }) => ({
    name,
    bytes,
    measured: measuredAt === null ? null : new Date(measuredAt).toISOString(),
  }))
}

/** Of a service whose container runs, or is paused. */
export function figureOf<F>(
  service: Pick<ServiceRow, 'container' | 'state'>,
  figures: Record<string, F>,
): F | undefined {
  return figures[containerInUse(service) ?? '']
}

/** What all of them take, bytes. */
export function memoryOfServices(
  services: readonly ServiceRow[],
  figures: Record<string, Pick<Figures, 'memory'>>,
): number {
  return services.reduce((all, service) => all + (figureOf(service, figures)?.memory ?? 0), 0)
}
