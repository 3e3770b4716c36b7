/** What a start waits for beside its application, in words for visitors. Pure. */
import type { Preview } from '../../shared/preview/preview.ts'
import type { ServiceRow } from '../../shared/stack/service-state.ts'
import type { Stack } from '../../shared/stack/stack.ts'

export type ServiceBeside = Pick<ServiceRow, 'name' | 'state' | 'since'>

export interface Beside {
  /** In the order of their stack. */
  services: readonly ServiceBeside[]
  /** Those that others wait for until they have ended. */
  oneShots: ReadonlySet<string>
}

export const alone: Beside = { services: [], oneShots: new Set() }

export function oneShotsOf({ app, services }: Pick<Stack, 'app' | 'services'>): ReadonlySet<string> {
  const all = [app, ...services].flatMap(({ dependsOn }) => Object.entries(dependsOn))
  return new Set(all.filter(([, condition]) => condition === 'service_completed_successfully').map(([name]) => name))
}

/** `end`: of a one-shot. `ready`: the one or the other of several. `again`: it has ended before. */
export interface Awaited {
  what: 'answer' | 'end' | 'ready' | 'again' | 'start'
  names: string[]
}

/** Null where the application's own turn has come, and while nothing is started. */
export function awaitedIn(preview: Preview, { services, oneShots }: Beside): Awaited | null {
  if (preview.state !== 'starting' || preview.stages.waiting !== undefined) return null
  const namesOf = (isMeant: (service: ServiceBeside) => boolean) => services.filter(isMeant).map(({ name }) => name)
  const underWay = namesOf((service) => isUnderWay(service, oneShots))
  const ending = underWay.filter((name) => oneShots.has(name))
  if (underWay.length > 0)
    return {
      what: ending.length === 0 ? 'answer' : ending.length === underWay.length ? 'end' : 'ready',
      names: underWay,
    }
  const again = namesOf(({ state }) => state === 'restarting')
  if (again.length > 0) return { what: 'again', names: again }
  const ahead = namesOf(({ state }) => state !== 'running' && state !== 'done')
  return ahead.length > 0 ? { what: 'start', names: ahead } : null
}

/** Its container runs, and others wait for more of it. */
export function isUnderWay({ name, state }: ServiceBeside, oneShots: Beside['oneShots']): boolean {
  return state === 'starting' || (state === 'running' && oneShots.has(name))
}

/** Beside the bar: `Waiting for db to answer`. */
export function awaitedLine({ what, names }: Awaited): string {
  switch (what) {
    case 'answer':
      return `Waiting for ${inWords(names)} to answer`
    case 'end':
      return `Waiting for ${inWords(names)} to finish`
    case 'ready':
      return `Waiting for ${inWords(names)}`
    case 'again':
      return `Starting ${inWords(names)} again`
    case 'start':
      return `Starting ${inWords(names)}`
  }
}

/** Where it takes longer than usual. */
export function awaitedSlowWords({ what, names }: Awaited): string {
  const [who, has] = names.length === 1 ? [`Its service ${names[0]}`, 'has'] : [`Its services ${listed(names)}`, 'have']
  switch (what) {
    case 'answer':
      return `${who} ${has} not answered yet.`
    case 'end':
      return `${who} ${has} not finished yet.`
    case 'ready':
      return `${who} are not ready yet.`
    case 'again':
      return `${who} ${has} ended, and ${names.length === 1 ? 'is' : 'are'} started again.`
    case 'start':
      return `${who} ${has} not been started yet.`
  }
}

/** A line has room for two names. */
function inWords(names: string[]): string {
  return names.length > 2 ? `${names.length} services` : names.join(' and ')
}

function listed(names: string[]): string {
  return names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
