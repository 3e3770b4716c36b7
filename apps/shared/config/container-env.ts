import { split } from 'shlex'
import { quoted } from './values/value.ts'

const RESERVED = ['LOTAN_TAG', 'LOTAN_HOST', 'LOTAN_URL']
const PREFIX = 'LOTAN_CONTAINER_ENV_'

type Refuse = (variable: string, problem: string) => void

/**
 * LOTAN_CONTAINER_ENV_X wins over ENV_ARGS, a later word of ENV_ARGS over an earlier.
 * @param names of repositories that have variables of their own
 * @param env Lotan's own: a bare `-e NAME` takes NAME from it, and nothing where it has none, as docker does
 * @param refuse called for everything that cannot be used
 */
export function containerEnvOf(
  env: NodeJS.ProcessEnv,
  names: readonly string[],
  refuse: Refuse,
): Record<string, string> {
  const given = new Map<string, string>()
  for (const { word, bare } of wordsOf(env.ENV_ARGS ?? '', refuse)) {
    const at = word.indexOf('=')
    const name = at < 0 ? word : word.slice(0, at)
    if (at < 0 && !bare) refuse('ENV_ARGS', `has ${quoted(word)}: write NAME=value, or -e ${quoted('NAME=value')}`)
    else if (!isName(name)) refuse('ENV_ARGS', `has ${quoted(word)}, which names no variable: write NAME=value`)
    else if (word.includes('\0')) refuse('ENV_ARGS', `gives ${name} a zero byte, which no variable can hold`)
    else if (isReserved(name)) refuse('ENV_ARGS', `has ${name}, which Lotan sets for each container: leave it out`)
    else if (at >= 0) given.set(name, word.slice(at + 1))
    else if (env[name] !== undefined) given.set(name, env[name])
  }
  const isForOne = (variable: string) => names.some((name) => variable.startsWith(prefixOf(name)))
  for (const [name, value] of readPrefixed(env, PREFIX, refuse, isForOne)) given.set(name, value)
  return Object.fromEntries(given)
}

/** LOTAN_CONTAINER_ENV_NAME__X: what the containers of one repository are given, over what all are. */
export function namedEnvOf(env: NodeJS.ProcessEnv, name: string, refuse: Refuse): Record<string, string> {
  return Object.fromEntries(readPrefixed(env, prefixOf(name), refuse))
}

function prefixOf(name: string): string {
  return `${PREFIX}${name.toUpperCase()}__`
}

function readPrefixed(
  env: NodeJS.ProcessEnv,
  prefix: string,
  refuse: Refuse,
  isOthers: (variable: string) => boolean = () => false,
): [name: string, value: string][] {
  return Object.entries(env).flatMap(([variable, value]) => {
    if (!variable.startsWith(prefix) || !value || isOthers(variable)) return []
    const name = variable.slice(prefix.length)
    if (isName(name) && !isReserved(name)) return [[name, value]]
    const why = isName(name)
      ? `gives ${name}, which Lotan sets for each container: leave it out`
      : `names no variable: write the name after ${prefix}`
    refuse(variable, why)
    return []
  })
}

/** LOTAN_URL_NAME, too: the preview of another repository that it goes with. */
function isReserved(name: string): boolean {
  return RESERVED.includes(name) || /^LOTAN_URL_./.test(name)
}

/** Without their `-e`; only a word after `-e` may be bare. */
function wordsOf(text: string, refuse: (variable: string, problem: string) => void) {
  let words: string[]
  try {
    words = split(text)
  } catch {
    refuse('ENV_ARGS', 'ends inside a quote or in a backslash: quote as a shell would, -e "B=two words"')
    return []
  }
  const found: { word: string; bare: boolean }[] = []
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    const [, joined] = /^(?:--env=|-e=?(?=.))(.*)$/s.exec(word) ?? []
    if (joined !== undefined) found.push({ word: joined, bare: true })
    else if (word !== '-e' && word !== '--env') found.push({ word, bare: false })
    else if (i + 1 === words.length) refuse('ENV_ARGS', `ends in ${quoted(word)}: write NAME=value after it`)
    else found.push({ word: words[++i]!, bare: true })
  }
  return found
}

/** Some frameworks use dots and dashes, and the engine takes them. */
function isName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)
}
