import type { Readable, Writable } from 'node:stream'
import type { Size } from '../../shared/engine/engine.ts'
import type { SessionEnd } from '../../shared/shell/session-kind.ts'
import type { Session } from './open-sessions.ts'

/** What somebody talks to, whatever it is: a shell, a command, the application itself, a container of its own. */
export interface Talk {
  session: Session
  /** Its end is the end of what they have to say; the answer may go on. */
  input: Writable
  output: Readable
  /** Null with a terminal. */
  errors: Readable | null
  resize: (size: Size) => void
  /** @param name without SIG */
  signal: (name: string) => void
  /** Once output and errors have been read to their end, and nothing of it is left. Never rejects. */
  ended: Promise<SessionEnd>
}
