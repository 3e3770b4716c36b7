/** `90d`: how long something is to last, as people write it. */
import { z } from 'zod'

const HOUR_MS = 60 * 60_000
const units = { h: HOUR_MS, d: 24 * HOUR_MS, w: 7 * 24 * HOUR_MS }
const MOST_MS = 3_660 * units.d

const wrong = 'for is a number of hours, days or weeks, such as 12h, 90d or 4w.'

export const spanText = z.string(wrong).refine((text) => spanOf(text) !== undefined, wrong)

/** Milliseconds; undefined for what is no span, or is longer than ten years. */
export function spanOf(text: string): number | undefined {
  const [, number, unit] = /^([1-9]\d{0,5})([hdw])$/.exec(text) ?? []
  const ms = Number(number) * units[(unit ?? 'h') as keyof typeof units]
  return ms <= MOST_MS ? ms : undefined
}
