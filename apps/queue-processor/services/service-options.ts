/** What a service of a stack is to the engine. Pure. */
import { createHash } from 'node:crypto'
import type { Config } from '../../shared/config/config.ts'
import { SERVICE, SERVICE_GRACE, SERVICE_LEVEL, type CreateOptions, type ImageRun } from '../../shared/engine/engine.ts'
import { previewLabels } from '../../shared/engine/preview-labels.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import { referenceOf } from '../../shared/repository.ts'
import { serviceName } from '../../shared/slots/container-name.ts'
import { partLimits } from '../../shared/stack/part-limits.ts'
import type { Service } from '../../shared/stack/stack.ts'
import { hardened, inGroup } from '../containers/hardening.ts'
import { runsOwnInit } from '../containers/own-init.ts'
import { programOfPart, withPart } from '../containers/with-part.ts'

/** As the engine and Compose have it. */
const GRACE_SECONDS = 10

export interface ServiceFacts {
  config: Pick<Config, 'instance' | 'repositories' | 'limits' | 'ceilings'>
  id: PreviewId
  /** Of the preview's container that it is made for. */
  generation: number
  service: Service
  /** It needs services of lower levels. */
  level: number
  image: ImageRun
  /** Its values are filled in. */
  environment: Record<string, string>
  /** The engine's name of each volume of the stack, by the stack's. */
  volumes: ReadonlyMap<string, string>
  /** The name of the preview's own. */
  network: string
  /** Undefined for the engine's default. */
  groupParent: string | undefined
}

export interface ServicePlan {
  options: CreateOptions
  /** A digest of the options: a container with the same one is started again. */
  spec: string
}

export function serviceOptionsOf(facts: ServiceFacts): ServicePlan {
  const { config, id, service, image, network, level } = facts
  const limits = partLimits(service, config.limits, config)
  const run = {
    image: image.id,
    env: Object.entries(facts.environment).map(([name, value]) => `${name}=${value}`),
    stopSignal: undefined,
    init: service.init ?? !runsOwnInit(programOfPart(service, image)),
    limits,
    network,
  }
  const grace = graceOf(service)
  const options: CreateOptions = {
    ...withPart(hardened(run), { of: service, volumes: facts.volumes }),
    NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: [service.name] } } },
  }
  const made = { options, level, grace, egress: service.egress, isPlaced: service.host !== null }
  const spec = createHash('sha256').update(JSON.stringify(made)).digest('hex').slice(0, 12)
  const labels = {
    'lotan.managed': 'true',
    'lotan.instance': config.instance,
    'lotan.repository': referenceOf(id, config),
    ...previewLabels(id),
    'lotan.generation': String(facts.generation),
    [SERVICE]: service.name,
    [SERVICE_LEVEL]: String(level),
    [SERVICE_GRACE]: String(grace),
    'lotan.spec': spec,
  }
  const name = serviceName(config.instance, id, service.name, facts.generation)
  return {
    options: { ...inGroup(options, facts.groupParent), name, Labels: labels },
    spec,
  }
}

/** Seconds. */
export function graceOf({ stopSeconds }: Pick<Service, 'stopSeconds'>): number {
  return stopSeconds ?? GRACE_SECONDS
}
