/** A value that is written as text, in a setting or in a label of an image. */
import { z } from 'zod'

/** Its first message says what to write instead, for people. */
export type Value<T> = z.ZodType<T, string>

/** @param read answers undefined for a text that is no such value */
export function value<T>(read: (text: string) => T | undefined, wanted: string): Value<T> {
  return z.string().transform((text, ctx) => {
    const found = read(text)
    if (found !== undefined) return found
    ctx.addIssue(wanted)
    return z.NEVER
  })
}

/** What to write instead of a text that is no such value. */
export function wantedOf(error: z.ZodError): string {
  return error.issues[0]!.message
}

/** A text for a message: on one line, and not longer than one. */
export function quoted(text: string): string {
  // Control characters, what breaks a line, what turns its direction, and what cannot be seen.
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, '?')
  return plain.length > 100 ? `'${plain.slice(0, 100)}…'` : `'${plain}'`
}
