/** What a setting is: one schema that reads a variable, and what documents say of it. */
import { z } from 'zod'
import { quoted, wantedOf, type Value } from './values/value.ts'

/** A setting that cannot be used: its variable, and what to do about it. */
export interface Problem {
  variable: string
  problem: string
}

export interface About {
  /** For docs/settings.md: one or two sentences. */
  description: string
  /** What counts without it, as an operator would write it. */
  standard?: string
  /** The same in words, where it is no fixed text. */
  without?: string
  /** In docker-compose.yml: all services are given it, or only those that deal with engine and registry, or none. */
  services?: 'all' | 'workers' | 'none'
  /** A bad one is not repeated in the message. */
  secret?: boolean
}

/** What is known of each setting's schema. */
export const about = z.registry<About>()

type Setting<T> = z.ZodType<T, string | undefined>

/** A variable of the environment. An empty one counts as unset, and is null where there is no standard. */
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
  /** Whether each of these can be used by itself. Of one that cannot, no value may be looked at. */
  good: (...variables: (keyof S)[]) => boolean
  refuse: (variable: keyof S, problem: string) => void
}

/** What has to hold between settings. Looked at whatever single ones are bad, so that all problems are told at once. */
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

/** The problems that a schema of settings has found. */
export function problemsOf(error: z.ZodError | undefined): Problem[] {
  return (error?.issues ?? []).map(({ path, message }) => ({ variable: String(path[0]), problem: message }))
}
