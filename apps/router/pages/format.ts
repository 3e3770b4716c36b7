/** Numbers as people read them, with unit and non-breaking space. At most two units: `1 h 22 min`. */
import { bytesOf } from '../../shared/config/values/amount.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `8 s`, `1 min 40 s`, `3 d 4 h`: whole seconds, rounded down. views/waiting.js has the same function. */
export function duration(ms: number): string {
  if (ms >= DAY) return two(ms, DAY, 'd', HOUR, 'h')
  if (ms >= HOUR) return two(ms, HOUR, 'h', MINUTE, 'min')
  if (ms >= MINUTE) return two(ms, MINUTE, 'min', SECOND, 's')
  return unit(Math.max(0, Math.floor(ms / SECOND)), 's')
}

/** Without seconds above a minute (`8 min`, `1 h 22 min`), so that a table changes once a minute. */
export function age(ms: number): string {
  return ms >= MINUTE ? duration(ms - (ms % MINUTE)) : duration(ms)
}

/** With tenths: `0.4 s`, `11.7 s`, `1 min 40 s`. */
export function elapsed(ms: number): string {
  return ms < MINUTE - 50 ? unit((Math.max(0, ms) / SECOND).toFixed(1), 's') : duration(ms + SECOND / 2)
}

export function roughly(ms: number): string {
  return ms < SECOND ? unit('under 1', 's') : duration(ms + SECOND / 2)
}

export function ago(ms: number): string {
  return ms < 2 * SECOND ? 'now' : `${age(ms)} ago`
}

/** Decimal, as registries count: `50.6 MB`. */
export function bytes(count: number): string {
  return sized(count, 1_000)
}

/** Binary, as the engine's limits count: a limit of `512m` shows as `512 MB`. */
export function memory(count: number): string {
  return sized(count, 1_024)
}

/** `512m` as `512 MB`; other texts stay as they are. */
export function limit(setting: string): string {
  const bytes = bytesOf(setting)
  return bytes === undefined ? setting : memory(bytes)
}

export function ordinal(n: number): string {
  const ends = { one: 'st', two: 'nd', few: 'rd' } as Record<string, string>
  return `${n}${ends[ordinals.select(n)] ?? 'th'}`
}

/** In this machine's zone. */
export function clock(at: number, seconds = false): string {
  return new Date(at).toTimeString().slice(0, seconds ? 8 : 5)
}

export function zone(at: number): string {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' }).formatToParts(at)
  return parts.find(({ type }) => type === 'timeZoneName')!.value
}

export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}

const ordinals = new Intl.PluralRules('en', { type: 'ordinal' })

function two(ms: number, large: number, first: string, small: number, second: string): string {
  const rest = Math.floor((ms % large) / small)
  return unit(Math.floor(ms / large), first) + (rest ? `\u00a0${unit(rest, second)}` : '')
}

function sized(count: number, step: number): string {
  const [power, name] =
    count >= step ** 3 * 0.9995 ? [3, 'GB'] : count >= step ** 2 * 0.9995 ? [2, 'MB'] : ([1, 'kB'] as const)
  const size = count / step ** Number(power)
  return unit(size < 99.95 && power !== 1 ? size.toFixed(1).replace('.0', '') : Math.round(size), String(name))
}

function unit(number: number | string, name: string): string {
  return `${number}\u00a0${name}`
}
