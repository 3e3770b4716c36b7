/** From where to where `lotan cp` copies. Pure. */
import { readPlace, type Place } from '../place.ts'

export type End =
  | { kind: 'tar' }
  | { kind: 'here'; path: string }
  /** `path` begins with a slash and has no dots; `isFolder`: it was written as one; `isContent`: as what is in one (`/srv/.`). */
  | { kind: 'there'; place: Place; path: string; isFolder: boolean; isContent: boolean }

/** `-`, `TAG:PATH`, `TAG+SERVICE:PATH`, else a path here; one with a colon is written `./a:b`. @returns `why` for what cannot be meant */
export function readEnd(text: string): End | { why: string } {
  if (text === '-') return { kind: 'tar' }
  const at = /^[./]/.test(text) ? -1 : text.indexOf(':')
  if (at < 0) return text === '' ? { why: 'a path is empty' } : { kind: 'here', path: text }
  const place = readPlace(text.slice(0, at))
  if ('why' in place) return place
  const written = text.slice(at + 1)
  if (written === '') return { why: `'${text}' names no path: write ${text}/PATH` }
  if (written.includes('\0')) return { why: 'a path has a zero byte' }
  const isContent = isContentOf(written)
  return { kind: 'there', place, path: plainPath(written), isFolder: isContent || written.endsWith('/'), isContent }
}

/** As `docker cp` takes it: what is in the folder, without the folder. */
export function isContentOf(path: string): boolean {
  return /(^|\/)\.$/.test(path)
}

/** Of a path inside: the last part; empty for the root. */
export function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Of a path inside: the folder that it is in. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

function plainPath(written: string): string {
  const parts: string[] = []
  for (const part of written.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}
