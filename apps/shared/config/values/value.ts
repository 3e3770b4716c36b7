/** Values written as text, in settings and labels of images. */
import { z } from 'zod'

/** The first message says what to write instead, for people. */
export type Value<T> = z.ZodType<T, string>

/** @param read returns undefined for a bad text @param wanted what to write instead */
export function value<T>(read: (text: string) => T | undefined, wanted: string): Value<T> {
  return z.string().transform((text, ctx) => {
    const found = read(text)
    if (found !== undefined) return found
    ctx.addIssue(wanted)
    return z.NEVER
  })
}

export function wantedOf(error: z.ZodError): string {
  return error.issues[0]!.message
}

/** For a message: on one line, and not longer than one. */
export function quoted(text: string): string {
  // Control characters, line breaks, changes of direction, invisible characters.
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, '?')
  return plain.length > 100 ? `'${plain.slice(0, 100)}…'` : `'${plain}'`
}
