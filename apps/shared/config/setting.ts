import { z } from 'zod'
import { quoted, wantedOf, type Value } from './values/value.ts'

/** `problem` also says what to do about it. */
export interface Problem {
  variable: string
  problem: string
}

export interface About {
  /** For docs/settings.md: one or two sentences. */
  description: string
  /** The default, as an operator would write it. */
  standard?: string
  /** The default in words, where it is no fixed text. */
  without?: string
  /** Which services of docker-compose.yml are given it; `workers` deal with engine and registry, `forge` with a forge. */
  services?: 'all' | 'workers' | 'forge' | 'none'
  /** Messages do not repeat its value. */
  secret?: boolean
}

export const about = z.registry<About>()

type Setting<T> = z.ZodType<T, string | undefined>

/** An empty variable counts as unset, and is null where there is no default. */
export function setting<T>(value: Value<T>, facts: About & { standard: string }): Setting<T>
export function setting<T>(value: Value<T>, facts: About): Setting<T | null>
export function setting<T>(value: Value<T>, facts: About): Setting<T | null> {
  const { standard, secret } = facts
  return z
    .string()
    .optional()
    .transform((given, ctx) => {
      const text = given || standard
      if (text === undefined) return null
      const read = value.safeParse(text)
      if (read.success) return read.data
      ctx.addIssue(`${secret ? 'cannot be used' : `is ${quoted(text)}`}: ${wantedOf(read.error)}`)
      return z.NEVER
    })
    .register(about, facts)
}

interface Tell<S> {
  /** Whether each can be used by itself. The value of one that cannot must not be read. */
  good: (...variables: (keyof S)[]) => boolean
  refuse: (variable: keyof S, problem: string) => void
}

/** Rules between settings. Checked although single ones are bad, so that all problems are reported at once. */
export function rules<S extends object>(check: (settings: S, tell: Tell<S>) => void): z.core.$ZodCheck<S> {
  return z.superRefine<S>(
    (settings, ctx) => {
      const bad = new Set(ctx.issues.map(({ path }) => path?.[0]))
      check(settings, {
        good: (...variables) => !variables.some((variable) => bad.has(variable)),
        refuse: (variable, message) => ctx.addIssue({ code: 'custom', path: [variable], message }),
      })
    },
    { when: () => true },
  )
}

export function problemsOf(error: z.ZodError | undefined): Problem[] {
  return (error?.issues ?? []).map(({ path, message }) => ({ variable: String(path[0]), problem: message }))
}
