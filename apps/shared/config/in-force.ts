/** Each setting as it is in force, and each variable that containers are given; without what may be a secret. */
import type { z } from 'zod'
import { NAMELESS } from '../preview/preview-id.ts'
import type { Repository } from '../repository.ts'
import { about } from './setting.ts'

export interface SettingInForce {
  name: string
  /** As it was written; null for none, and for a secret. */
  value: string | null
  source: 'environment' | 'default'
  secret: boolean
  /** The default in words, where it is no fixed text and nothing is set. */
  words: string | null
}

export interface VariableInForce {
  name: string
  /** Null for a secret. */
  value: string | null
  secret: boolean
  /** The setting that gives it. */
  from: string
  /** Whose containers alone have it; null: all. */
  repository: string | null
  /** Containers of forks have it not. */
  ownOnly?: true
}

export interface InForce {
  settings: SettingInForce[]
  variables: VariableInForce[]
}

interface Group {
  settings: Record<string, z.ZodType>
}

const GIVES = 'LOTAN_CONTAINER_ENV_'
const GIVES_SECRET = 'LOTAN_CONTAINER_SECRET_'
/** Stand for any name, in documents. */
const ANY = `${GIVES}X`
const ANY_OF_ONE = `${GIVES}NAME__X`
const ANY_SECRET = `${GIVES_SECRET}X`
const ANY_FILTER = 'TAG_FILTER_NAME'
/** What it holds may be secret, word by word. */
const ENV_ARGS = 'ENV_ARGS'

export function inForceOf(
  env: NodeJS.ProcessEnv,
  groups: readonly Group[],
  {
    containerEnv,
    containerSecrets = {},
  }: { containerEnv: Record<string, string>; containerSecrets?: Record<string, string> },
  repositories: readonly Repository[] = [],
): InForce {
  const isForOne = (variable: string) =>
    repositories.some(({ name }) => name !== NAMELESS && variable.startsWith(givesTo(name)))
  const variables = [
    ...Object.entries(containerEnv).map(([name, value]) => {
      const prefixed = GIVES + name
      return variableInForce(name, value, env[prefixed] && !isForOne(prefixed) ? prefixed : ENV_ARGS, null)
    }),
    ...repositories.flatMap(({ name: of, containerEnv }) =>
      Object.entries(containerEnv).map(([name, value]) => variableInForce(name, value, givesTo(of) + name, of)),
    ),
    ...Object.keys(containerSecrets).map((name) => ({
      ...{ name, value: null, secret: true, from: GIVES_SECRET + name, repository: null },
      ownOnly: true as const,
    })),
  ]
  const filters = Object.keys(env).filter((name) => name.startsWith('TAG_FILTER_') && env[name])
  const settings = groups.flatMap((group) =>
    Object.entries(group.settings).flatMap(([name, schema]) => {
      if (name === ANY_FILTER) return filters.map((name) => settingInForce(name, schema, env))
      if (name === ANY_OF_ONE) return []
      if (name !== ANY && name !== ANY_SECRET) return settingInForce(name, schema, env)
      return variables
        .filter(({ from }) => from.startsWith(name === ANY ? GIVES : GIVES_SECRET))
        .map(({ from }) => ({ name: from, value: null, source: 'environment' as const, secret: true, words: null }))
    }),
  )
  return { settings, variables }
}

/** What begins the names of the settings that give one repository's containers a variable. */
function givesTo(repository: string): string {
  return `${GIVES}${repository.toUpperCase()}__`
}

function variableInForce(name: string, value: string, from: string, repository: string | null): VariableInForce {
  const secret = isSecretName(name) || holdsLogin(value)
  return { name, value: secret ? null : value, secret, from, repository }
}

function settingInForce(name: string, schema: z.ZodType, env: NodeJS.ProcessEnv): SettingInForce {
  const { standard, without, secret: isMarked } = about.get(schema)!
  const given = env[name] || undefined
  const secret = Boolean(isMarked) || name === ENV_ARGS
  const value = secret ? null : (given ?? standard ?? null)
  const words = given === undefined && standard === undefined ? (without ?? null) : null
  return { name, value, source: given === undefined ? 'default' : 'environment', secret, words }
}

/** By its name: its setting says no more. `KEY` stands in `API_KEY`, and not in `KEYBOARD`. */
export function isSecretName(name: string): boolean {
  const words =
    /secret|passw|passphrase|token|credential|private|(^|[_.-])(key|keys|auth|dsn|pass|pwd|salt|pat|jwt)([_.-]|$)/i
  return words.test(name)
}

/** `postgres://user:password@db/app`. */
export function holdsLogin(value: string): boolean {
  return /[a-z][a-z0-9+.-]*:\/\/[^/\s@]*:[^/\s@]*@/i.test(value)
}
