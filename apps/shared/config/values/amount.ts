import { z } from 'zod'
import { value, type Value } from './value.ts'

/** In milliseconds. */
export function duration(unit: 'minutes' | 'seconds', most: number, least?: 0): Value<number> {
  return value(
    (text) => {
      const ms = Math.round((decimal(text) ?? NaN) * (unit === 'minutes' ? 60_000 : 1_000))
      return ms >= (least ?? 1) && decimal(text)! <= most ? ms : undefined
    },
    spanWanted(unit, most, least),
  )
}

function spanWanted(unit: string, most: number, least?: 0): string {
  return `write a number of ${unit} ${least === 0 ? 'from 0' : 'greater than 0'}, such as 10 or 0.5, at most ${most}`
}

const MOST_MINUTES = 100_000
const LEAST_PAUSE_MS = 6_000

const pauseWanted =
  `${spanWanted('minutes', MOST_MINUTES)}, and at least ${LEAST_PAUSE_MS / 60_000}, ` +
  'since the last visit is known only to within 4.5 s, or off'

/**
 * Milliseconds, or null for `off`. The last visit is known only to within 4.5 s: nginx asks about a host every 2 s, may
 * use an answer for 1 s more, reckons both in whole seconds, and a visit is stored 0.5 s later.
 */
export const pauseSpan: Value<number | null> = z.union(
  [
    z.literal('off').transform(() => null),
    duration('minutes', MOST_MINUTES).refine((ms) => ms >= LEAST_PAUSE_MS, pauseWanted),
  ],
  pauseWanted,
)

export const idleSpan: Value<number> = duration('minutes', MOST_MINUTES)

export function integer(least: number, most: number): Value<number> {
  const wanted = `write a whole number from ${least} to ${most}`
  return z
    .string()
    .regex(/^\d{1,15}$/, wanted)
    .transform(Number)
    .pipe(z.number().min(least, wanted).max(most, wanted))
}

/** The engine's own bounds: it refuses less than a hundredth of a processor. */
export const cpus: Value<number> = value((text) => {
  const number = decimal(text)
  return number !== undefined && number >= 0.01 && number <= 1_024 ? number : undefined
}, 'write a number of processors, such as 1 or 0.5, at least 0.01')

/** Kept as written, as the engine's command line takes it. The engine refuses less than 6 MB. */
export const memory: Value<string> = bytes(6, 'write an amount of memory such as 512m or 1g, at least 6m')

/** An application writes 1 MB as it starts. */
export const disk: Value<string> = bytes(1, 'write an amount of disk such as 500m or 2g, at least 1m')

function bytes(leastMegabytes: number, wanted: string): Value<string> {
  return z
    .string()
    .refine((text) => (bytesOf(text) ?? 0) >= leastMegabytes * 1024 ** 2, wanted)
    .toLowerCase()
}

/** Undefined for what is no amount. */
export function bytesOf(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,9})?)([kmgt]?)b?$/i.exec(text)
  if (!match) return undefined
  const bytes = Math.round(Number(match[1]) * 1024 ** ['', 'k', 'm', 'g', 't'].indexOf(match[2]!.toLowerCase()))
  return bytes <= Number.MAX_SAFE_INTEGER ? bytes : undefined
}

function decimal(text: string): number | undefined {
  return /^(\d{1,12}(\.\d{0,12})?|\.\d{1,12})$/.test(text) ? Number(text) : undefined
}

const MOST_DAYS = 3_650

/** In milliseconds. */
export const days: Value<number> = value((text) => {
  const number = decimal(text)
  return number !== undefined && number > 0 && number <= MOST_DAYS ? Math.round(number * 86_400_000) : undefined
}, `write a number of days greater than 0, such as 7 or 0.5, at most ${MOST_DAYS}`)
