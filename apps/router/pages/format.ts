/** Numbers as people read them, with their unit and non-breaking spaces. At most two units: `1 h 22 min`. */
import { bytesOf } from '../../shared/config/values/amount.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `8 s`, `1 min 40 s`, `1 h 22 min`, `3 d 4 h`. Whole seconds, rounded down; views/waiting.js counts on in the same form. */
export function duration(ms: number): string {
  if (ms >= DAY) return two(ms, DAY, 'd', HOUR, 'h')
  if (ms >= HOUR) return two(ms, HOUR, 'h', MINUTE, 'min')
  if (ms >= MINUTE) return two(ms, MINUTE, 'min', SECOND, 's')
  return unit(Math.max(0, Math.floor(ms / SECOND)), 's')
}

/** A duration nobody counts seconds of: `8 min`, `1 h 22 min`. In a table it changes once a minute, not every second. */
export function age(ms: number): string {
  return ms >= MINUTE ? duration(ms - (ms % MINUTE)) : duration(ms)
}

/** How long something took: `0.4 s`, `11.7 s`, `1 min 40 s`. */
export function took(ms: number): string {
  return ms < MINUTE - 50 ? unit((Math.max(0, ms) / SECOND).toFixed(1), 's') : duration(ms + SECOND / 2)
}

/** What something usually takes. Nobody's usual is a fraction: `under 1 s`, `12 s`. */
export function roughly(ms: number): string {
  return ms < SECOND ? unit('under 1', 's') : duration(ms + SECOND / 2)
}

/** `now`, `3 s ago`, `8 min ago`. */
export function ago(ms: number): string {
  return ms < 2 * SECOND ? 'now' : `${age(ms)} ago`
}

/** Sizes of images, as registries count them: `50.6 MB`. */
export function bytes(count: number): string {
  return sized(count, 1_000)
}

/** Memory, as the engine's limits count it, so that a container at its limit of `512m` shows as `512 MB`. */
export function memory(count: number): string {
  return sized(count, 1_024)
}

/** A limit as it is set, `512m`, as people write it: `512 MB`. Anything else is given back as it is. */
export function limit(setting: string): string {
  const bytes = bytesOf(setting)
  return bytes === undefined ? setting : memory(bytes)
}

/** `1st`, `2nd`, `3rd`, `11th`. */
export function ordinal(n: number): string {
  const ends = { one: 'st', two: 'nd', few: 'rd' } as Record<string, string>
  return `${n}${ends[ordinals.select(n)] ?? 'th'}`
}

/** `14:32`, or `14:32:07`, in the zone this machine is set to. */
export function clock(at: number, seconds = false): string {
  return new Date(at).toTimeString().slice(0, seconds ? 8 : 5)
}

/** What the zone of `clock` is called: `UTC`, `CET`, `GMT+5`. */
export function zone(at: number): string {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' }).formatToParts(at)
  return parts.find(({ type }) => type === 'timeZoneName')!.value
}

/** `1 preview`, `2 previews`. */
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
