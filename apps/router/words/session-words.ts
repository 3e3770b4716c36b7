/** What was done inside a preview, of its line in the history. Pure. */
import { sessionKinds, type SessionKind, type SessionVia } from '../../shared/shell/session-kind.ts'
import type { ShellSession } from '../../shared/store/store.ts'
import { duration } from '../pages/format.ts'

const LINE = /^(\w+)(?: (?!in \w+, \d)(.*?))?(?: in ([a-z][a-z0-9]*))?, (\d+) s, (?:status (\d+)|(\S+))$/s

/** `by anna` follows. */
const did: Record<SessionKind, (program: string | undefined, where: string) => string> = {
  shell: (program, where) => `a shell${program === undefined ? '' : ` (${program})`} opened in ${where}`,
  exec: (program = 'a command', where) => `${program} run in ${where}`,
  attach: (_, where) => `what runs in ${where} talked to`,
  run: (program = 'a command') => `${program} run in a container of its own`,
  forward: (_, where) => `ports of ${where} reached`,
  files: (_, where) => `files of ${where} read or written`,
}

const ends: Record<string, string> = {
  closed: 'left',
  idle: 'ended for its silence',
  stopped: 'ended with its container',
  'lotan-ended': 'ended with Lotan’s own process',
  failed: 'failed',
}

/** @param detail `exec psql in db, 12 s, status 0`, as the store has it */
export function sessionWords(detail: string): string {
  const [, kind, program, service, seconds, status, end = ''] = LINE.exec(detail) ?? []
  const known = sessionKinds.find((one) => one === kind)
  if (known === undefined) return detail
  const ended = status === undefined ? (ends[end] ?? end) : `ended with status ${status}`
  return `${ended} after ${duration(Number(seconds) * 1_000)}: ${did[known](program, service ?? 'the application')}`
}

/** `psql run in db`, of one that is open. */
export function openSessionWords({
  kind,
  program,
  service,
}: Pick<ShellSession, 'kind' | 'program' | 'service'>): string {
  return did[kind](program ?? undefined, service ?? 'the application')
}

/** How they came. */
export const viaWords: Record<SessionVia, string> = { ssh: 'SSH', api: 'command line or API', page: 'browser' }

/** `anna is inside`, of those who are now. @param names as the store has them, the oldest first */
export function insideWords(names: readonly string[]): string {
  const all = [...new Set(names)]
  const some = all.slice(0, 3)
  const more = all.length - some.length
  const last = more > 0 ? `${more} more` : some.pop()
  const named = [some.join(', '), last].filter(Boolean).join(' and ')
  return `${named} ${all.length === 1 ? 'is' : 'are'} inside`
}
