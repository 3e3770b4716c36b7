/** Reads the fields of what a forge has answered. One that is not what it says to be is as good as no answer. Pure. */
import { ForgeError } from './forge.ts'

export type Fields = ReturnType<typeof fieldsOf>

/** @param what for the error: `a merge request` */
export function fieldsOf(value: unknown, what: string) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unreadable(what)
  const fields = value as Record<string, unknown>

  function read<T>(name: string, isIt: (value: unknown) => value is T): T {
    const found = fields[name]
    if (!isIt(found)) throw unreadable(`${name} of ${what}`)
    return found
  }

  return {
    has: (name: string) => fields[name] !== undefined && fields[name] !== null,
    text: (name: string) => read(name, isText),
    /** Of a change, a comment, an account. */
    id: (name: string) => read(name, isId),
    sha: (name: string) => read(name, isSha),
    flag: (name: string) => read(name, (given) => typeof given === 'boolean'),
    list: (name: string) => read(name, (given): given is unknown[] => Array.isArray(given)),
    fields: (name: string) => fieldsOf(fields[name], `${name} of ${what}`),
    /** An address that a page may link to. */
    webAddress(name: string): string {
      const text = read(name, isText)
      if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) throw unreadable(`${name} of ${what}`)
      return text
    },
    /** Milliseconds since 1970. */
    time(name: string): number {
      const time = Date.parse(read(name, isText))
      if (Number.isNaN(time)) throw unreadable(`${name} of ${what}`)
      return time
    },
    raw: (name: string) => fields[name],
  }
}

export function isSha(value: unknown): value is string {
  return isText(value) && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(value)
}

/** What may name a commit, by all or some of its digits. */
export function isShaOrItsBeginning(text: string): boolean {
  return /^[0-9a-f]{7,64}$/.test(text)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}

function unreadable(what: string): ForgeError {
  return new ForgeError('down', `the forge's answer cannot be read: ${what}`)
}
