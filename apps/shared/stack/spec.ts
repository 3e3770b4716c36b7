/** A digest of what runs beside the application. Pure. */
import { createHash } from 'node:crypto'
import type { Stack } from './stack.ts'

const LENGTH = 16

/** Equal for texts that differ in the order of their keys, and in what only the application has but its mounts. */
export function specOf({ app, services, volumes }: Omit<Stack, 'spec'>): string {
  const byName = <T extends { name: string }>(list: T[]) => Object.fromEntries(list.map((one) => [one.name, one]))
  const said = { mounts: app.mounts, services: byName(services), volumes: byName(volumes) }
  return createHash('sha256').update(JSON.stringify(said, sorted)).digest('hex').slice(0, LENGTH)
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
