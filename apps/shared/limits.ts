/**
 * How much a container may take: the settings', which an image's labels may change as far as the ceilings go. An image
 * is anybody's, so a label that asks for more is cut.
 */
import type { Config } from './config.ts'
import { bytesOf, cpus, memory, quoted, type Kind } from './settings.ts'

export interface Limits {
  /** As it was set, `512m`. */
  memory: string
  cpus: number
  pids: number
}

/** The limits of a container of an image, and what cannot be had as its labels ask, in words for the admin. */
export function limitsOf(
  labels: Record<string, string>,
  { limits, ceilings }: Pick<Config, 'limits' | 'ceilings'>,
): { limits: Limits; notices: string[] } {
  const notices: string[] = []
  const say = (notice: string) => void notices.push(notice)
  return {
    limits: {
      memory: labelled(labels, { ...memoryBound, otherwise: limits.memory, most: ceilings.memory, say }),
      cpus: labelled(labels, { ...cpusBound, otherwise: limits.cpus, most: ceilings.cpus, say }),
      pids: limits.pids,
    },
    notices,
  }
}

const memoryBound = { label: 'lotan.memory', ceiling: 'LOTAN_CONTAINER_MEMORY_MAX', kind: memory, amount: bytesOf }
const cpusBound = {
  label: 'lotan.cpus',
  ceiling: 'LOTAN_CONTAINER_CPUS_MAX',
  kind: cpus,
  amount: (value: number) => value,
}

interface Bound<T> {
  label: string
  kind: Kind<T>
  /** What holds where there is no such label, or one that cannot be used. */
  otherwise: T
  most: T
  /** The setting that lets labels ask for more. */
  ceiling: string
  amount: (value: T) => number | undefined
  say: (notice: string) => void
}

/** What a label asks for, as far as it may. */
export function labelled<T>(
  labels: Record<string, string>,
  { label, kind, otherwise, most, ceiling, amount, say }: Bound<T>,
): T {
  const text = labels[label]
  if (text === undefined) return otherwise
  const value = kind.parse(text)
  if (value === undefined) say(notUsed(label, labels, kind.wanted))
  if (value === undefined || (amount(value) ?? 0) <= (amount(most) ?? 0)) return value ?? otherwise
  say(`The image's label ${label}=${shown(text)} is cut to ${most}, which is ${ceiling}.`)
  return most
}

/** What the admin reads of a label that is as if it were not there. */
export function notUsed(label: string, labels: Record<string, string>, why: string): string {
  return `The image's label ${label}=${shown(labels[label] ?? '')} is not used: ${why}.`
}

/** A label's text is its author's: on one line, and not longer than one. */
function shown(text: string): string {
  return quoted(text).slice(1, -1)
}

/** The higher of a setting and its ceiling: the plain setting holds for every preview, so no label asks too much with it. */
export function higher<T>(a: T, b: T, amount: (value: T) => number | undefined): T {
  return (amount(a) ?? 0) >= (amount(b) ?? 0) ? a : b
}
