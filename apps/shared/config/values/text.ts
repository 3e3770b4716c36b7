import { z } from 'zod'
import { TAG } from '../../tag.ts'
import { luaPattern, PatternError } from '../lua-pattern.ts'
import { value, type Value } from './value.ts'

/** Matching costs grow with the pattern; real ones are far below this. */
const MAX_PATTERN = 500

export const anyText: Value<string> = z.string()

/** Shown on pages. */
export function shortText(most: number): Value<string> {
  return z
    .string()
    .refine(
      (text) => text.trim() === text && [...text].length <= most && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text),
      `write at most ${most} characters, on one line and without spaces at its ends`,
    )
}

export const zeroOrOne: Value<boolean> = z.enum(['0', '1'], 'write 1 or 0').transform((text) => text === '1')

export function oneOf<const T extends string>(...words: T[]): Value<T> {
  return z.enum(words, `write ${words.join(' or ')}`)
}

export const password: Value<string> = z
  .string()
  .regex(/^[\x21-\x7e]{16,256}$/, 'write at least 16 characters, without spaces, or leave it out and one is made')

/** People type it: spaces within are theirs. */
export const gatePassword: Value<string> = z
  .string()
  .refine(
    (text) => text.length >= 8 && text.length <= 256 && text.trim() === text && !/\p{Cc}/u.test(text),
    'write at least 8 characters, without spaces at its ends',
  )

/** nginx reads the path in quotes, and takes a $ for a variable. */
export const file: Value<string> = z
  .string()
  .regex(/^[^\u0000-\u001f"\\$]+$/, 'write the path of a file, without quotes, backslashes and dollars')

export const slotKind: Value<'network' | 'port'> = z.enum(
  ['network', 'port'],
  'write network or port, or leave it out and the one that works here is chosen',
)

/** `statuscheck, acme-probe/2`. */
export const agents: Value<string[]> = list(
  (piece) => /^[\x20-\x7e]{3,200}$/.test(piece),
  'write pieces of user agents, at least 3 characters each, separated by commas',
)

/** `/healthz, /status/*`. */
export const paths: Value<string[]> = list(
  (path) => /^\/[\x21-\x7e]{0,500}$/.test(path) && !/[?#]/.test(path) && path !== '/*',
  'write paths that begin with /, without a query, separated by commas; * stands for anything, but not for all paths',
)

/** `main, latest`. */
export const tagList: Value<string[]> = value((text) => {
  const tags = text.split(/[\s,]+/).filter(Boolean)
  return tags.length > 0 && tags.length <= 10 && tags.every((tag) => TAG.test(tag)) ? tags : undefined
}, 'write up to 10 tags, separated by commas, such as main, latest')

/** `ghcr.io/team/* postgres:*`. */
export const imagePatterns: Value<string[]> = value((text) => {
  const patterns = text.split(/\s+/).filter(Boolean)
  const areGood = patterns.every((pattern) => /^[a-z0-9*][A-Za-z0-9._:/*@-]{0,254}$/.test(pattern))
  return patterns.length > 0 && patterns.length <= 100 && areGood ? patterns : undefined
}, 'write images, separated by spaces, with * for anything, such as ghcr.io/team/* postgres:*')

export function list(isGood: (item: string) => boolean, wanted: string): Value<string[]> {
  return value((text) => {
    const items = text.split(',').map((item) => item.trim())
    return items.length <= 200 && items.every(isGood) ? items : undefined
  }, wanted)
}

export const tagPattern: Value<(tag: string) => boolean> = z
  .string()
  .max(MAX_PATTERN, { error: `write a Lua pattern of at most ${MAX_PATTERN} characters`, abort: true })
  .transform((pattern, ctx) => {
    try {
      return luaPattern(pattern)
    } catch (error) {
      if (!(error instanceof PatternError)) throw error
      ctx.addIssue(`${error.message}; write a Lua pattern, such as ^pr%-%d+$`)
      return z.NEVER
    }
  })
