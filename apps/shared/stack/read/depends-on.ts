/** What has to be up before a part of a stack starts. Pure. */
import type { Condition } from '../stack.ts'
import { entriesOf, itemsOf, readKeys, refuse, textOf, type Field } from './field.ts'

export type PlacedCondition = { condition: Condition; field: Field }

const conditions: readonly string[] = [
  'service_started',
  'service_healthy',
  'service_completed_successfully',
] satisfies Condition[]

/** By name. That the names are known is looked at once all are. */
export function dependsOn(field: Field): Map<string, PlacedCondition> {
  const found = new Map<string, PlacedCondition>()
  if (field.tree.kind === 'list')
    for (const item of itemsOf(field) ?? []) {
      const name = textOf(item)
      if (name !== undefined && found.has(name)) refuse(item, `names ${name} a second time`)
      else if (name !== undefined) found.set(name, { condition: 'service_started', field: item })
    }
  else
    for (const [name, entry] of entriesOf(field) ?? []) {
      const condition = conditionOf(entry)
      if (condition) found.set(name, { condition, field: entry })
    }
  return found
}

function conditionOf(field: Field): Condition | undefined {
  let condition: string | undefined
  let isGiven = false
  readKeys(
    field,
    {
      condition: (at) => {
        isGiven = true
        condition = textOf(at)
        if (condition !== undefined && !conditions.includes(condition)) refuse(at, `is to be ${conditions.join(', ')}`)
      },
    },
    (name) =>
      name === 'restart'
        ? 'is not taken: Lotan restarts a service that ends, and nothing with it'
        : 'is not taken. Taken is condition',
  )
  if (!isGiven) return refuse(field, `is to have a condition: ${conditions.join(', ')}`)
  return conditions.includes(condition ?? '') ? (condition as Condition) : undefined
}
