/** What is said at the end of a session, and with which status a command ends. */
import type { SessionEnd } from '../../../shared/shell/session-kind.ts'
import { exit } from '../command.ts'

/** Null: its connection broke off. @returns no line where its command has ended */
export function reportOf(end: SessionEnd | null, name: string): { status: number; line?: string } {
  const own = (line: string) => ({ status: exit.own, line })
  switch (end?.why) {
    case 'exited':
      return { status: end.code & 0xff }
    case 'idle':
      return own(`${name}: nothing came and nothing went for so long that the session was ended`)
    case 'stopped':
      return own(`${name} was stopped, or its container has ended: the same command starts it again`)
    case 'lotan-ended':
      return own(`Lotan ends, or starts anew: the session with ${name} was ended, try again`)
    case 'failed':
      return own(`${name}: the session failed: ${end.detail}`)
    case 'closed':
      return own(`${name}: the session was closed`)
    case undefined:
      return own(`the connection to ${name} broke off: what ran there is ended`)
  }
}
