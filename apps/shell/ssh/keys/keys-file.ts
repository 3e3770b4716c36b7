/** Who may come by SSH: the file that LOTAN_SSH_KEYS names, in the form of `authorized_keys` (sshd(8)). Pure. */
import { luaPattern, PatternError } from '../../../shared/config/lua-pattern.ts'
import { shownTag } from '../../../shared/preview/copy-tag.ts'
import type { PreviewId } from '../../../shared/preview/preview-id.ts'
import { scopes, type Scope } from '../../../shared/scope.ts'
import { fingerprintOf, keyTypes, whyNoKey } from './key-blob.ts'

export interface SshKey {
  type: string
  /** As SSH sends it. */
  blob: Buffer
  fingerprint: string
  /** `key anna@laptop`: as in an `Actor`. */
  who: string
  can: Scope
  /** Which previews, and tags that could be some, exist for it. */
  sees: (id: PreviewId) => boolean
}

/** For a message after the file's name. */
export interface KeyProblem {
  line: number
  problem: string
}

const MOST_PATTERN = 500
const MOST_COMMENT = 100
const rights = scopes.filter((scope) => scope !== 'public')
const OPTION = /^([A-Za-z][A-Za-z0-9-]*)(?:=("(?:[^"\\]|\\.)*"?|[^\s,"]*))?/

/** Lines that are empty or begin with `#` say nothing. With problems none of the keys should be used. */
export function readKeysFile(text: string): { keys: SshKey[]; problems: KeyProblem[] } {
  const keys: SshKey[] = []
  const problems: KeyProblem[] = []
  const lines = new Map<string, number>()
  for (const [at, written] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = at + 1
    const rest = written.trim()
    if (rest === '' || rest.startsWith('#')) continue
    const refuse = (problem: string) => void problems.push({ line, problem })
    const key = readLine(rest, refuse)
    if (!key) continue
    const before = lines.get(key.fingerprint)
    if (before !== undefined) refuse(`has the same key as line ${before}: leave one of them out`)
    lines.set(key.fingerprint, before ?? line)
    keys.push(key)
  }
  return { keys, problems }
}

function readLine(text: string, refuse: (problem: string) => void): SshKey | undefined {
  const options = readOptions(text, refuse)
  if (!options) return undefined
  const { can = 'shell', matches, rest } = options
  const [, type = '', base64 = '', comment = ''] = /^(\S+)(?:\s+(\S+))?(?:\s+(.*))?$/.exec(rest) ?? []
  if (!keyTypes.includes(type)) {
    refuse(`has a key of the type ${quoted(type)}: it can be ${keyTypes.slice(0, -1).join(', ')} or ${keyTypes.at(-1)}`)
    return undefined
  }
  const blob = Buffer.from(base64, 'base64')
  const isWhole = base64 !== '' && blob.toString('base64').replace(/=+$/, '') === base64.replace(/=+$/, '')
  const problem = isWhole ? whyNoKey(type, blob) : `is damaged: what follows ${type} is no such key`
  if (problem !== undefined) {
    refuse(problem)
    return undefined
  }
  const fingerprint = fingerprintOf(blob)
  const name = comment.replace(/\p{Cc}+/gu, ' ').trim()
  const who = `key ${name === '' ? fingerprint : name.slice(0, MOST_COMMENT)}`
  // What it matches is what people write: `^pr%-` opens no preview of a named repository.
  const sees = matches ? (id: PreviewId) => matches(shownTag(id)) : () => true
  return { type, blob, fingerprint, who, can, sees }
}

interface Options {
  can?: Scope
  matches?: (text: string) => boolean
  /** From the key's type on. */
  rest: string
}

/** Commas stand between them, or blanks. @returns undefined where one is wrong */
function readOptions(text: string, refuse: (problem: string) => void): Options | undefined {
  const options: Options = { rest: text }
  let isGood = true
  const wrong = (problem: string) => {
    refuse(problem)
    isGood = false
  }
  while (!isKeyType(options.rest)) {
    const [whole, name, value] = OPTION.exec(options.rest) ?? []
    if (whole === undefined || name === undefined) {
      wrong(`is not understood from ${quoted(options.rest)} on: write options, the key's type, the key and a comment`)
      return undefined
    }
    options.rest = options.rest.slice(whole.length).replace(/^\s*,?\s*/, '')
    if (value === undefined && !text.includes('=') && options.rest === '') {
      wrong(`is no key: write its type, the key and a comment`)
      return undefined
    }
    readOption(name, value, options, wrong)
  }
  return isGood ? options : undefined
}

function readOption(name: string, value: string | undefined, options: Options, wrong: (problem: string) => void): void {
  if (name !== 'can' && name !== 'match')
    return wrong(`has the option ${name}, which Lotan does not know: it knows match and can`)
  const text = /^"((?:[^"\\]|\\.)*)"$/.exec(value ?? '')?.[1]?.replace(/\\"/g, '"')
  if (text === undefined) return wrong(`has the option ${name} without a value in quotes, such as ${examples[name]}`)
  if ((name === 'can' ? options.can : options.matches) !== undefined) return wrong(`has the option ${name} twice`)
  if (name === 'can') {
    if (!isRight(text)) return wrong(`has can=${quoted(text)}: it can be ${rights.slice(0, -1).join(', ')} or ${rights.at(-1)}`) // prettier-ignore
    options.can = text
    return
  }
  if (text === '' || text.length > MOST_PATTERN)
    return wrong(`has match=${quoted(text)}: write a Lua pattern of at most ${MOST_PATTERN} characters`)
  try {
    options.matches = luaPattern(text)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    wrong(`has match=${quoted(text)}: ${error.message}`)
  }
}

const examples = { can: 'can="shell"', match: 'match="^pr%-"' }

function isRight(text: string): text is Scope {
  return (rights as readonly string[]).includes(text)
}

/** Any that OpenSSH may write, so that the message is about the key and not about an option. */
function isKeyType(text: string): boolean {
  return /^(?:ssh-|ecdsa-|sk-ssh-|sk-ecdsa-)\S*(?:\s|$)/.test(text)
}

function quoted(text: string): string {
  const plain = text.replace(/\p{Cc}+/gu, ' ')
  return `"${plain.length > 40 ? `${plain.slice(0, 40)}…` : plain}"`
}
