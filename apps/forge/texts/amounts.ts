/** Amounts as people read them, in the few forms that a pull request has. Pure. */

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** `11.7 s`, `1 min 40 s` */
export function seconds(ms: number): string {
  if (ms < MINUTE - 50) return `${(Math.max(0, ms) / SECOND).toFixed(1)} s`
  const whole = Math.round(ms / SECOND)
  const left = whole % 60
  return `${Math.floor(whole / 60)} min${left > 0 ? ` ${left} s` : ''}`
}

const steps = [2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300].map((step) => step * SECOND)

/** In few steps: each other word is one more edit of a comment. Undefined where it is longer than anybody waits. */
export function within(ms: number): string | undefined {
  const step = steps.find((step) => ms <= step)
  if (step === undefined) return undefined
  return step < MINUTE ? `${step / SECOND} s` : `${step / MINUTE} min`
}

/** `10 min`, `2 h`, `45 s` */
export function span(ms: number): string {
  if (ms < MINUTE) return `${Math.round(ms / SECOND)} s`
  if (ms >= HOUR && ms % HOUR === 0) return `${ms / HOUR} h`
  return `${Math.round(ms / MINUTE)} min`
}

/** Decimal, as registries count: `51 MB` */
export function size(bytes: number): string {
  const [step, unit] = bytes >= 999_500_000 ? [1e9, 'GB'] : bytes >= 999_500 ? [1e6, 'MB'] : ([1e3, 'kB'] as const)
  const amount = bytes / Number(step)
  return `${amount < 9.95 && unit !== 'kB' ? amount.toFixed(1).replace('.0', '') : Math.round(amount)} ${unit}`
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `30 Nov 12:31 UTC`; undefined for what is no time, and for the one that builders of repeatable images write. */
export function builtAt(iso: string | null): string | undefined {
  const at = new Date(iso ?? NaN)
  if (Number.isNaN(at.getTime()) || at.getUTCFullYear() < 2000) return undefined
  return `${at.getUTCDate()} ${months[at.getUTCMonth()]} ${at.toISOString().slice(11, 16)} UTC`
}
