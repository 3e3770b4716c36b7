import { z } from 'zod'
import { luaPattern, PatternError } from '../config/lua-pattern.ts'
import { scopes } from '../scope.ts'
import { spanText } from './span.ts'

const can = z.enum(scopes).exclude(['public'])

export const token = z
  .object({
    name: z.string(),
    can: can.meta({ description: 'Its scope. Each includes those before it.' }),
    match: z
      .string()
      .nullable()
      .meta({
        description:
          'A Lua pattern: it sees only previews and tags that match, as `pr-7`, or `api/pr-7` in a repository with a ' +
          'name. Null: all.',
      }),
    until: z.iso.datetime().nullable().meta({ description: 'When it ends. Null: it has no end.' }),
    created: z.iso.datetime(),
    lastUsed: z.iso.datetime().nullable().meta({ description: 'To within a minute.' }),
  })
  .meta({ id: 'Token' })

export const newToken = token
  .extend({ token: z.string().meta({ description: 'The token itself, which is shown this once.' }) })
  .meta({ id: 'NewToken' })

export type TokenJson = z.output<typeof token>
export type NewTokenJson = z.output<typeof newToken>

const MAX_PATTERN = 500
const wrongName = 'name has letters, digits, dots, dashes and underscores: 64 at most, the first a letter or a digit.'
const wrongMatch = `match is a Lua pattern of at most ${MAX_PATTERN} characters, such as ^pr%-.`
const wrongUntil = 'until is a time such as 2030-12-31T00:00:00Z.'

/** What makes one. Strict: a pattern whose name is misspelt would leave a token for all tags. */
export const tokenToAdd = z
  .strictObject(
    {
      name: z.string(wrongName).regex(/^[A-Za-z0-9][\w.-]{0,63}$/, wrongName),
      can: z.enum(can.options, `can is ${can.options.slice(0, -1).join(', ')} or ${can.options.at(-1)}.`),
      match: z.string(wrongMatch).max(MAX_PATTERN, wrongMatch).refine(isPattern, wrongMatch).nullish(),
      for: spanText
        .nullish()
        .meta({ description: 'How long it lasts: `12h`, `90d` or `4w`. Without an end it has none.' }),
      until: z.iso
        .datetime({ error: wrongUntil, offset: true })
        .nullish()
        .meta({ description: 'When it ends, instead of `for`.' }),
    },
    {
      error: ({ code, keys }) =>
        code === 'unrecognized_keys'
          ? `A token has no ${keys.join(', ')}: it has name, can, match, and for or until.`
          : 'Send {"name": …, "can": …} with, if you like, match, and for or until.',
    },
  )
  .refine((sent) => !sent.for || !sent.until, 'Send for or until, not both.')
  .refine(
    ({ can, match }) => can !== 'admin' || match == null,
    'A token that can admin has no match: it may make other tokens and end sessions, which no pattern holds in.',
  )

export type TokenToAdd = z.output<typeof tokenToAdd>

function isPattern(text: string): boolean {
  try {
    luaPattern(text)
    return true
  } catch (error) {
    if (error instanceof PatternError) return false
    throw error
  }
}
