/** What a container may use at most: the settings say so, and labels of its image, up to a ceiling. Pure. */
import type { Config } from './config.ts'
import { bytesOf, disk, type Kind } from './settings.ts'

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
  facts: { label: string; kind: Kind<T>; setting: T; most: T; ceiling: string; amount: (value: T) => number },
): Limit<T> {
  const { label, kind, setting, most, ceiling, amount } = facts
  const text = labels[label]
  if (text === undefined) return { value: setting, notice: null }
  const value = kind.parse(text)
  if (value === undefined) return { value: setting, notice: `${named(label, text)} is not used: ${kind.wanted}.` }
  if (amount(value) <= amount(most)) return { value, notice: null }
  return { value: most, notice: `${named(label, text)} is cut at ${most}: ${ceiling} allows no more.` }
}

/** What a preview may write beside its image, in its layer and its volumes, as it was set: `2g`. */
export function diskLimit(labels: Record<string, string>, { disk: setting, diskMax }: Config['limits']): Limit<string> {
  return limitOf(labels, {
    label: 'lotan.disk',
    kind: disk,
    setting,
    most: diskMax,
    ceiling: 'LOTAN_CONTAINER_DISK_MAX',
    amount: (value) => bytesOf(value)!,
  })
}

function named(label: string, text: string): string {
  return `The image's label ${label}=${text.slice(0, 100)}`
}
