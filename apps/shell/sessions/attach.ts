/** What an application's container runs itself, for programs that talk on their terminal (`lotan.connection=attach`). */
import { connectionLabel } from '../../shared/config/image-labels.ts'
import type { Size } from '../../shared/engine/engine.ts'
import type { SessionEnd } from '../../shared/shell/session-kind.ts'
import type { ShellContext } from '../context.ts'
import type { Target } from '../target.ts'
import type { Asked, Session } from './open-sessions.ts'
import type { Talk } from './talk.ts'

/**
 * What an asked shell becomes, once the image is known: a command is always one of its own, and so is a shell in a
 * service. Both doors use it.
 */
export function kindFor(
  labels: Record<string, string>,
  { kind, service }: Pick<Asked, 'kind' | 'service'>,
): Asked['kind'] {
  return kind === 'shell' && service === null && connectionLabel(labels) === 'attach' ? 'attach' : kind
}

/** Leaving it ends nothing. @throws EngineError */
export async function beginAttach(
  { engine }: ShellContext,
  session: Session,
  target: Target,
  terminal: Size | null,
): Promise<Talk> {
  const { container } = target
  session.inside(container, null, 'attach')
  const { input, output, errors, resize } = await engine.attach(container, terminal ?? USUAL)
  const leave = () => void input.destroy()
  session.signal.addEventListener('abort', leave, { once: true })
  if (session.signal.aborted) leave()

  async function wait(): Promise<SessionEnd> {
    await new Promise<void>((resolve) => input.once('close', () => resolve()))
    session.signal.removeEventListener('abort', leave)
    if (session.signal.aborted) return session.signal.reason as SessionEnd
    const found = await engine.inspect(container).catch(() => undefined)
    return found?.running ? { why: 'closed' } : { why: 'stopped' }
  }
  // The program has ended.
  input.once('end', leave)

  return {
    session,
    input,
    output,
    errors,
    resize: (size) => void resize(size),
    // Keys of its terminal reach it; the program itself is not this session's to end.
    signal: () => {},
    ended: wait().then((end) => {
      session.end(end)
      return end
    }),
  }
}

const USUAL: Size = { columns: 80, rows: 24 }
