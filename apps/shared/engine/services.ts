/** Containers of services: what runs beside a preview's own container. `list` never has them. */
import type Docker from 'dockerode'
import { idOf, splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'
import { serviceName } from '../slots/container-name.ts'
import { readAnswer } from './call.ts'
import { containersIn, labelsOf, listAll, nameOf, type Container } from './container-facts.ts'
import { previewOf } from './preview-labels.ts'

/** The labels that a service's container has beside those of a preview. */
export const SERVICE = 'lotan.service'
export const SERVICE_LEVEL = 'lotan.service-level'
export const SERVICE_GRACE = 'lotan.service-grace'

export interface ServiceContainer extends PreviewKey {
  id: string
  name: string
  service: string
  generation: number
  /** Also true while paused. */
  running: boolean
  status: Container['status']
  /** The engine's id. */
  image: string
  /** A digest of what it was made with. */
  spec: string
  /** It needs services of lower levels: those are stopped after it. */
  level: number
  /** How long its stop may take. */
  graceSeconds: number
}

export async function listServices(docker: Docker, instance: string, preview?: PreviewId): Promise<ServiceContainer[]> {
  return servicesIn(await listAll(docker, instance, preview), instance, preview)
}

/** Previews' containers and services, in one answer of the engine. */
export async function listBoth(
  docker: Docker,
  instance: string,
  preview?: PreviewId,
): Promise<{ containers: Container[]; services: ServiceContainer[] }> {
  const all = await listAll(docker, instance, preview)
  return { containers: containersIn(all, instance, preview), services: servicesIn(all, instance, preview) }
}

function servicesIn(all: Docker.ContainerInfo[], instance: string, preview?: PreviewId): ServiceContainer[] {
  return readAnswer('listing services', () =>
    all
      .flatMap((info) => toService(info, instance) ?? [])
      .filter((service) => preview === undefined || idOf(service) === preview),
  )
}

/** Its name proves the labels: another program may have made those. */
function toService(info: Docker.ContainerInfo, instance: string): ServiceContainer | undefined {
  const labels = labelsOf(info)
  const service = labels[SERVICE]
  const id = previewOf(labels)
  if (service === undefined || id === undefined) return undefined
  const generation = Number(labels['lotan.generation'])
  const name = nameOf(info)
  if (name !== serviceName(instance, id, service, generation)) return undefined
  return {
    id: info.Id,
    name,
    ...splitId(id),
    service,
    generation,
    running: info.State === 'running' || info.State === 'paused',
    status: info.State,
    image: info.ImageID,
    spec: labels['lotan.spec'] ?? '',
    level: Number(labels[SERVICE_LEVEL]) || 0,
    graceSeconds: Number(labels[SERVICE_GRACE]) || 0,
  }
}
