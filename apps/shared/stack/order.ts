/** In which order the parts of a stack start and stop. Pure. */
import type { ServiceState } from './service-state.ts'
import type { Condition, Stack } from './stack.ts'

/** `[db, cache, db]`, from `name` and back to it; undefined where none leads back. */
export function cycleFrom(name: string, dependencies: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const seen = new Set<string>()
  const paths: string[][] = [[name]]
  for (let path = paths.pop(); path; path = paths.pop())
    for (const next of dependencies.get(path.at(-1)!) ?? []) {
      if (next === name) return [...path, next]
      if (seen.has(next)) continue
      seen.add(next)
      paths.push([...path, next])
    }
  return undefined
}

/** Those of one row start side by side, and each depends on services of earlier rows alone. The application is in none. */
export function startRows({ services }: Pick<Stack, 'services'>): string[][] {
  const rows: string[][] = []
  let rest = services
  while (rest.length > 0) {
    const waiting = new Set(rest.map(({ name }) => name))
    const row = rest.filter(({ dependsOn }) => !Object.keys(dependsOn).some((name) => waiting.has(name)))
    // A stack that was read has no circle.
    if (row.length === 0) throw new Error(`services wait for each other: ${[...waiting].join(', ')}`)
    rows.push(row.map(({ name }) => name))
    rest = rest.filter((service) => !row.includes(service))
  }
  return rows
}

/** Those of one row stop side by side, after everything that depends on them. */
export function stopRows(stack: Pick<Stack, 'services'>): string[][] {
  return startRows(stack).reverse()
}

export interface MayStart {
  /** Services that wait, and may start now. */
  services: string[]
  application: boolean
}

/** @param stateOf of each service; undefined counts as waiting */
export function mayStart(
  { app, services }: Pick<Stack, 'app' | 'services'>,
  stateOf: (name: string) => ServiceState | undefined,
): MayStart {
  const isReady = ({ dependsOn }: Pick<Stack['app'], 'dependsOn'>) =>
    Object.entries(dependsOn).every(([name, condition]) => holds(condition, stateOf(name)))
  const waits = (name: string) => (stateOf(name) ?? 'waiting') === 'waiting'
  return {
    services: services.filter((service) => waits(service.name) && isReady(service)).map(({ name }) => name),
    application: services.every(({ name }) => holds('service_started', stateOf(name))) && isReady(app),
  }
}

function holds(condition: Condition, state: ServiceState | undefined): boolean {
  if (condition === 'service_completed_successfully') return state === 'done'
  if (condition === 'service_healthy') return state === 'running'
  return state === 'starting' || state === 'running' || state === 'done'
}
