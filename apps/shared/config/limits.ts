/** What a container may use at most: the settings say so, and labels of its image, up to a ceiling. Pure. */
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
  /** Why a label is not used, or is cut, in words for the admin. */
  notice: string | null
}

/**
 * A limit: the setting's, or what a label of the image asks for, cut at the ceiling. A label that cannot be used is as if
 * it were not there.
 *
 * @param facts.most the ceiling, and `ceiling` the setting that it comes from
 * @param facts.amount how much a value is, so that two can be compared: `1g` is more than `512m`
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

/** The limits of a container of an image, and what cannot be had as its labels ask, in words for the admin. */
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

/** What a preview may write beside its image, in its layer and its volumes, as it was set: `2g`. */
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

/** What the admin reads of a label that is as if it were not there. */
export function notUsed(label: string, labels: Record<string, string>, why: string): string {
  return `${named(label, labels[label] ?? '')} is not used: ${why}.`
}

/** A label's text is its author's: on one line, and not longer than one. */
function named(label: string, text: string): string {
  return `The image's label ${label}=${quoted(text).slice(1, -1)}`
}
