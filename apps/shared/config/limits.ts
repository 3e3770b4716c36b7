/** Settings limit a container; labels of its image may raise them, up to a ceiling. Pure. */
import { bytesOf, cpus, disk, memory } from './values/amount.ts'
import { quoted, wantedOf, type Value } from './values/value.ts'

export interface Limits {
  /** As it was set, `512m`. */
  memory: string
  cpus: number
  pids: number
}

export interface Limit<T> {
  value: T
  /** For the admin: why a label is ignored or cut. */
  notice: string | null
}

/**
 * What the image's label says, cut at the ceiling. A bad label counts as none.
 * @param facts.ceiling the setting that `most` comes from
 * @param facts.amount makes two values comparable: `1g` is more than `512m`
 */
export function limitOf<T extends string | number>(
  labels: Record<string, string>,
  facts: { label: string; of: Value<T>; setting: T; most: T; ceiling: string; amount: (value: T) => number },
): Limit<T> {
  const { label, of, setting, most, ceiling, amount } = facts
  const text = labels[label]
  if (text === undefined) return { value: setting, notice: null }
  const read = of.safeParse(text)
  if (!read.success) return { value: setting, notice: notUsed(label, labels, wantedOf(read.error)) }
  const value = read.data
  if (amount(value) <= amount(most)) return { value, notice: null }
  return { value: most, notice: `${named(label, text)} is cut at ${most}: ${ceiling} allows no more.` }
}

export function limitsOf(
  labels: Record<string, string>,
  { limits, ceilings }: { limits: Limits; ceilings: Omit<Limits, 'pids'> },
): { limits: Limits; notices: string[] } {
  const ofMemory = limitOf(labels, {
    label: 'lotan.memory',
    of: memory,
    setting: limits.memory,
    most: ceilings.memory,
    ceiling: 'LOTAN_CONTAINER_MEMORY_MAX',
    amount: (value) => bytesOf(value)!,
  })
  const ofCpus = limitOf(labels, {
    label: 'lotan.cpus',
    of: cpus,
    setting: limits.cpus,
    most: ceilings.cpus,
    ceiling: 'LOTAN_CONTAINER_CPUS_MAX',
    amount: (value) => value,
  })
  return {
    limits: { memory: ofMemory.value, cpus: ofCpus.value, pids: limits.pids },
    notices: [ofMemory.notice, ofCpus.notice].filter((notice) => notice !== null),
  }
}

/** What a preview may write in its layer and its volumes: `2g`. */
export function diskLimit(
  labels: Record<string, string>,
  { disk: setting, diskMax }: { disk: string; diskMax: string },
): Limit<string> {
  return limitOf(labels, {
    label: 'lotan.disk',
    of: disk,
    setting,
    most: diskMax,
    ceiling: 'LOTAN_CONTAINER_DISK_MAX',
    amount: (value) => bytesOf(value)!,
  })
}

export function notUsed(label: string, labels: Record<string, string>, why: string): string {
  return `${named(label, labels[label] ?? '')} is not used: ${why}.`
}

/** The image's author wrote the label's text: it is cut to one line. */
function named(label: string, text: string): string {
  return `The image's label ${label}=${quoted(text).slice(1, -1)}`
}
