/** The one way in, whichever way somebody comes: who may is decided before. */
import { EngineError } from '../shared/engine/engine.ts'
import type { ShellContext } from './context.ts'
import { NoEntry } from './no-entry.ts'
import { beginAttach, kindFor } from './sessions/attach.ts'
import { beginCommand, type CommandAsk } from './sessions/command.ts'
import type { Asked, Session } from './sessions/open-sessions.ts'
import type { Talk } from './sessions/talk.ts'
import { targetOf, type Target } from './target.ts'
import { wake } from './wake.ts'

/**
 * @param say told how far it is, while its preview wakes
 * @param left aborted when whoever waits has left
 * @throws NoEntry
 */
export async function enterCommand(
  context: ShellContext,
  asked: Asked,
  ask: CommandAsk,
  say: (line: string) => void,
  left: AbortSignal,
): Promise<Talk> {
  return enter(context, asked, say, left, (session, target) =>
    kindFor(target.labels, { ...asked, service: target.service }) === 'attach'
      ? beginAttach(context, session, target, ask.terminal)
      : beginCommand(context, session, target, ask),
  )
}

/** @throws NoEntry */
export async function enter<T>(
  context: ShellContext,
  asked: Asked,
  say: (line: string) => void,
  left: AbortSignal,
  begin: (session: Session, target: Target) => Promise<T>,
): Promise<T> {
  const session = context.sessions.open(asked)
  const leave = () => session.end({ why: 'closed' })
  left.addEventListener('abort', leave, { once: true })
  try {
    left.throwIfAborted()
    const preview = await wake(context, asked.preview, asked.actor, say, session.signal)
    session.touch()
    return await begin(session, targetOf(context, preview, asked.service))
  } catch (error) {
    // Its end is the signal too.
    const hasLeft = session.signal.aborted
    session.end({ why: 'failed', detail: (error as Error).message.split('\n')[0] ?? '' })
    throw entryError(error, hasLeft)
  }
}

/** @returns NoEntry for all that is expected */
export function entryError(error: unknown, hasLeft: boolean): unknown {
  if (error instanceof NoEntry) return error
  if (hasLeft) return new NoEntry('ended-meanwhile', 'You have left.')
  return error instanceof EngineError ? new NoEntry('session-failed', `The engine refuses: ${error.message}`) : error
}
