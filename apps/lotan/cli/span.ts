/** `30m`, `12h`, `2d`, `4w`, as people write them. */
const units = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** @returns milliseconds; undefined for what is no span */
export function spanOf(text: string): number | undefined {
  const [, number, unit] = /^([1-9]\d{0,5})([mhdw])$/.exec(text) ?? []
  return unit === undefined ? undefined : Number(number) * units[unit as keyof typeof units]
}

/** @param text a span from `now` on, or a time as ISO 8601 has it @returns ISO 8601; undefined for anything else */
export function timeOf(text: string, now: number): string | undefined {
  const span = spanOf(text)
  const at = span === undefined ? (/^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN) : now + span
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}
