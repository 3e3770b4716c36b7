/** Reads what a forge has answered. What is not as its description says ends in a ForgeError, and never further inside. */
import { ForgeError } from './forge.ts'

export type Fields = Record<string, unknown>

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @param what for the message: `a pull request` */
export function fieldsOf(value: unknown, what: string): Fields {
  if (isFields(value)) return value
  throw strange(what, 'no object')
}

export function listOf(value: unknown, what: string): unknown[] {
  if (Array.isArray(value)) return value as unknown[]
  throw strange(what, 'no list')
}

export function textOf(value: unknown, what: string): string {
  if (typeof value === 'string') return value
  throw strange(what, 'no text')
}

/** A positive whole number. */
export function idOf(value: unknown, what: string): number {
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number
  throw strange(what, 'no id')
}

export function countOf(value: unknown, what: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw strange(what, 'no number')
}

function isSha(value: unknown): value is string {
  return typeof value === 'string' && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(value)
}

export function shaOf(value: unknown, what: string): string {
  if (isSha(value)) return value
  throw strange(what, 'no commit')
}

/** Pages link to it. */
export function webUrlOf(value: unknown, what: string): string {
  const url = URL.parse(textOf(value, what))
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url.href
  throw strange(what, 'no address')
}

/** Milliseconds since 1970. */
export function timeOf(value: unknown, what: string): number {
  const time = Date.parse(textOf(value, what))
  if (Number.isFinite(time)) return time
  throw strange(what, 'no time')
}

function strange(what: string, found: string): ForgeError {
  return new ForgeError('down', `the forge answered ${found} for ${what}: is LOTAN_FORGE_API the address of its API?`)
}
