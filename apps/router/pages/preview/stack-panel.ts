/** On a preview's page: its services, and its data. Pure. */
import { countdown } from '../../../../views/times.js'
import type { Config } from '../../../shared/config/config.ts'
import { idOf, type PreviewId } from '../../../shared/preview/preview-id.ts'
import type { ServiceRow, ServiceState } from '../../../shared/stack/service-state.ts'
import type { PartOfPreview } from '../../services/part.ts'
import { troubleOf } from '../../services/service-words.ts'
import type { StackRows } from '../../services/stack-rows.ts'
import { figureOf, secondUrl } from '../../services/stack-view.ts'
import { age, ago, bytes, memory } from '../format.ts'
import { pathOf } from '../preview-path.ts'

export interface StackPanel {
  services: ShownService[]
  volumes: ShownVolume[]
}

export interface ShownService {
  name: string
  /** Of the page with its log. */
  log: string
  state: ServiceState
  /** `for 1 h 22 min`; empty where it waits. */
  since: string
  trouble: string
  /** When it is started again. */
  again: { datetime: string; left: string } | null
  image: string
  digest: string
  memory: string
  /** Of its second host. */
  url: string
}

export interface ShownVolume {
  name: string
  size: string
  measured: string
}

export interface StackFacts {
  rows: StackRows
  /** By container. */
  figures: Record<string, { memory: number }>
  config: Pick<Config, 'domain' | 'publicUrl'>
  now: number
}

/** Null without a stack. */
export function stackPanelOf({ rows, figures, config, now }: StackFacts): StackPanel | null {
  const { services, volumes } = rows
  if (services.length === 0 && volumes.length === 0) return null
  return {
    services: services.map((service) => shownService(service, { figures, config, now })),
    volumes: volumes.map(({ name, bytes: size, measuredAt }) => ({
      name,
      size: size === null ? '' : bytes(size),
      measured: measuredAt === null ? 'not measured yet' : `measured ${ago(now - measuredAt)}`,
    })),
  }
}

function shownService(service: ServiceRow, { figures, config, now }: Omit<StackFacts, 'rows'>): ShownService {
  const { name, state, since, image, digest, restartAt } = service
  const figure = figureOf(service, figures)
  const url = secondUrl(service, config)
  const isDue = state === 'restarting' && restartAt !== null
  return {
    name,
    log: `${pathOf(idOf(service))}${queryOf(name)}#output`,
    state,
    since: state === 'waiting' ? '' : `for ${age(now - since)}`,
    trouble: troubleOf(service),
    again: isDue ? { datetime: new Date(restartAt).toISOString(), left: countdown(restartAt - now) } : null,
    image,
    digest: digest ?? '',
    memory: figure ? memory(figure.memory) : '',
    url: url === null ? '' : `${url}/`,
  }
}

/** The application and the services, to choose whose log is shown; without services there is no choice. */
export function whoseOf(
  part: PartOfPreview,
  { id, services }: { id: PreviewId; services: readonly Pick<ServiceRow, 'name'>[] },
) {
  const hrefOf = (service: string | null) => `${pathOf(id)}${queryOf(service)}#output`
  const parts = [null, ...services.map(({ name }) => name)].map((service) => ({
    name: service ?? 'Application',
    href: hrefOf(service),
    current: service === part.service,
  }))
  return {
    service: part.service ?? '',
    name: part.name,
    query: queryOf(part.service),
    parts: services.length === 0 ? [] : parts,
  }
}

function queryOf(service: string | null): string {
  return service === null ? '' : `?service=${encodeURIComponent(service)}`
}
