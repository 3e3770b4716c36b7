/**
 * Forwarded connections. A browser opens many of them: those of one person to one port of a preview are one session, and
 * so one line of the audit, as long as less than a minute lies between them.
 */
import type { Readable, Writable } from 'node:stream'
import type { Actor } from '../../shared/actor.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import type { ShellContext } from '../context.ts'
import { entryError } from '../enter.ts'
import { NoEntry } from '../no-entry.ts'
import { dial } from '../sessions/dial.ts'
import type { Session } from '../sessions/open-sessions.ts'
import { targetOf } from '../target.ts'
import { wake } from '../wake.ts'
import type { ForwardWanted } from './wanted.ts'

const LAST_MS = 60_000
/** Each has a process in the preview's helper. */
const MOST_AT_ONCE = 100

export interface Forwarded {
  session: Session
  input: Writable
  output: Readable
  /** Once: it is over. */
  release: () => void
}

interface Shared {
  session: Session
  connections: number
  timer?: NodeJS.Timeout
}

export function openForwards(context: ShellContext, lastMs = LAST_MS) {
  const open = new Map<string, Shared>()

  function sharedOf(preview: PreviewId, actor: Actor, { host, port }: ForwardWanted): Shared {
    const key = JSON.stringify([preview, actor.who, actor.address, host, port])
    const known = open.get(key)
    if (known) return known
    const program = host === null ? `${port}` : `${host}:${port}`
    const asked = { preview, service: null, kind: 'forward', program, via: 'api', actor } as const
    const shared: Shared = { session: context.sessions.open(asked), connections: 0 }
    open.set(key, shared)
    shared.session.signal.addEventListener('abort', () => {
      clearTimeout(shared.timer)
      if (open.get(key) === shared) open.delete(key)
    })
    return shared
  }

  return {
    /**
     * @param say told how far it is, while its preview wakes
     * @throws NoEntry
     */
    async begin(
      preview: PreviewId,
      actor: Actor,
      wanted: ForwardWanted,
      say: (line: string) => void,
      left: AbortSignal,
    ): Promise<Forwarded> {
      const shared = sharedOf(preview, actor, wanted)
      if (shared.connections >= MOST_AT_ONCE)
        throw new NoEntry('too-many-sessions', `${MOST_AT_ONCE} connections to this port are open, which is as many as there may be.`) // prettier-ignore
      const { session } = shared
      clearTimeout(shared.timer)
      shared.connections += 1
      let isReleased = false
      function release(failure?: string) {
        if (isReleased) return
        isReleased = true
        shared.connections -= 1
        if (shared.connections > 0) return
        if (failure !== undefined) return session.end({ why: 'failed', detail: failure })
        shared.timer = setTimeout(() => session.end({ why: 'closed' }), lastMs).unref()
      }
      try {
        const running = await wake(context, preview, actor, say, AbortSignal.any([session.signal, left]))
        session.touch()
        const { host, port } = wanted
        const { input, output } = await dial(context, session, targetOf(context, running, null), { host: host ?? 'localhost', port }) // prettier-ignore
        return { session, input, output, release: () => release() }
      } catch (error) {
        release(left.aborted ? undefined : (error as Error).message.split('\n')[0])
        throw entryError(error, left.aborted || session.signal.aborted)
      }
    },
  }
}
