/** What the parts of a stack say of each other: who waits for whom, and who mounts what. Pure. */
import { cycleFrom } from '../order.ts'
import type { Volume } from '../stack.ts'
import { refuse } from './field.ts'
import type { ReadPart } from './part.ts'

export function checkRelations(parts: ReadPart[], volumes: Volume[]): void {
  for (const part of parts) {
    for (const { volume, field } of part.mounts)
      if (!volumes.some(({ name }) => name === volume))
        refuse(field, `mounts ${volume}, which is not declared: write ${volume}: under volumes, at the top level`)
    checkConditions(part, parts)
  }
  checkCycles(parts)
}

function checkConditions({ name, conditions }: ReadPart, parts: ReadPart[]): void {
  for (const [on, { condition, field }] of conditions) {
    const other = parts.find((part) => part.name === on)
    if (!other) {
      const names = parts.flatMap((part) => (part.image && part.name !== name ? part.name : []))
      refuse(field, `names ${on}, and there is ${names.length === 0 ? 'no other service' : `only ${names.join(', ')}`}`)
    } else if (!other.image && on !== name) refuse(field, `waits for ${on}, which is the application: it starts last`)
    else if (condition === 'service_healthy' && other.more.healthcheck === 'none')
      refuse(field, `waits until ${on} is healthy, and its healthcheck is off`)
  }
}

/** Each circle is told once. */
function checkCycles(parts: ReadPart[]): void {
  const dependencies = new Map(parts.map(({ name, conditions }) => [name, [...conditions.keys()]]))
  const told = new Set<string>()
  for (const { name, conditions } of parts) {
    if (told.has(name)) continue
    const cycle = cycleFrom(name, dependencies)
    if (!cycle) continue
    for (const member of cycle) told.add(member)
    refuse(conditions.get(cycle[1]!)!.field, `waits for itself: ${cycle.join(' → ')}`)
  }
}
