import { split } from 'shlex'
import { quoted } from './values/value.ts'

const RESERVED = ['LOTAN_TAG', 'LOTAN_HOST', 'LOTAN_URL']
const PREFIX = 'LOTAN_CONTAINER_ENV_'

/**
 * LOTAN_CONTAINER_ENV_X wins over ENV_ARGS, a later word of ENV_ARGS over an earlier.
 * @param env Lotan's own: a bare `-e NAME` takes NAME from it, and nothing where it has none, as docker does
 * @param refuse called for everything that cannot be used
 */
export function containerEnvOf(
  env: NodeJS.ProcessEnv,
  refuse: (variable: string, problem: string) => void,
): Record<string, string> {
  const given = new Map<string, string>()
  for (const { word, bare } of wordsOf(env.ENV_ARGS ?? '', refuse)) {
    const at = word.indexOf('=')
    const name = at < 0 ? word : word.slice(0, at)
    if (at < 0 && !bare) refuse('ENV_ARGS', `has ${quoted(word)}: write NAME=value, or -e ${quoted('NAME=value')}`)
    else if (!isName(name)) refuse('ENV_ARGS', `has ${quoted(word)}, which names no variable: write NAME=value`)
    else if (word.includes('\0')) refuse('ENV_ARGS', `gives ${name} a zero byte, which no variable can hold`)
    else if (RESERVED.includes(name))
      refuse('ENV_ARGS', `has ${name}, which Lotan sets for each container: leave it out`)
    else if (at >= 0) given.set(name, word.slice(at + 1))
    else if (env[name] !== undefined) given.set(name, env[name])
  }
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || !value) continue
    const name = variable.slice(PREFIX.length)
    if (!isName(name)) refuse(variable, 'names no variable: write the name after LOTAN_CONTAINER_ENV_')
    else if (RESERVED.includes(name))
      refuse(variable, `gives ${name}, which Lotan sets for each container: leave it out`)
    else given.set(name, value)
  }
  return Object.fromEntries(given)
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
