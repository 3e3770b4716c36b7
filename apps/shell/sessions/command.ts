/** A command, or a shell, in a container that runs. */
import path from 'node:path'
import type { Size } from '../../shared/engine/engine.ts'
import type { SessionEnd } from '../../shared/shell/session-kind.ts'
import { shownTag } from '../../shared/preview/copy-tag.ts'
import type { ShellContext } from '../context.ts'
import { endProcesses, MARK, signalProcesses } from '../helper/end-processes.ts'
import type { Target } from '../target.ts'
import type { Session } from './open-sessions.ts'
import { endLater } from './end-later.ts'
import { shellOf, startBeside } from './shell-of.ts'
import type { Talk } from './talk.ts'

export interface CommandAsk {
  /** Null: a shell. A string: one line for a shell, as SSH sends it. */
  command: string[] | string | null
  terminal: Size | null
  /** TERM and what else is to be in its environment: `A=1`. */
  env: string[]
}

/** The engine knows of a command's end a moment after its output ends. */
const KNOWN_WITHIN_MS = 2_000
const LOOK_MS = 20
/** By SIGKILL, as a container that ends ends what runs in it. */
const KILLED = 137

/** @throws EngineError */
export async function beginCommand(
  context: ShellContext,
  session: Session,
  target: Target,
  { command, terminal, env }: CommandAsk,
): Promise<Talk> {
  const { engine, helpers, log, sessions } = context
  const { container } = target
  const marked = { env: [...env, `${MARK}=${session.id}`], terminal }
  const line = Array.isArray(command) ? command : await lineOf()
  session.inside(container, path.basename((Array.isArray(command) ? command[0] : (command ?? line?.[0])?.trim().split(/\s+/)[0]) ?? 'sh')) // prettier-ignore
  const running = line
    ? await engine.startCommand(container, { command: line, ...marked })
    : await startBeside(helpers, target, typeof command === 'string' ? command : null, marked)
  const { input, output, errors } = running
  let isCut = false

  async function lineOf(): Promise<string[] | null> {
    const labels = target.service === null ? target.labels : ((await engine.inspect(container))?.labels ?? {})
    const shell = await shellOf(engine, container, labels)
    if (!shell || typeof command !== 'string') return shell
    return [...shell, '-c', command]
  }

  async function wait(): Promise<SessionEnd> {
    await Promise.race([Promise.all([ended(output), errors && ended(errors)]), aborted(session.signal)])
    if (session.signal.aborted) return cut()
    for (const until = Date.now() + KNOWN_WITHIN_MS; Date.now() < until;) {
      const code = await running.exitCode().catch(() => undefined)
      if (typeof code === 'number')
        return code === KILLED && !(await isUp()) ? { why: 'stopped' } : { why: 'exited', code }
      if (code === undefined) break
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
    // Its container ended under it, or the connection to the engine.
    return (await isUp()) ? cut() : { why: 'stopped' }
  }

  async function isUp(): Promise<boolean> {
    const preview = context.store.get(session.preview)
    if (preview?.state !== 'running' && preview?.state !== 'paused') return false
    // A newer generation has taken over: this one was stopped.
    if (target.service === null && preview.generation.container !== container) return false
    return engine.inspect(container).then(
      (found) => found?.running === true,
      () => true,
    )
  }

  async function cut(): Promise<SessionEnd> {
    isCut = true
    session.end({ why: 'closed' })
    // First: in a helper, the engine hides the end of all other commands behind one whose output is not read.
    input.destroy()
    await endProcesses(helpers, target, session.id).then(cleared, leftBehind)
    return session.signal.reason as SessionEnd
  }

  function cleared(left: number): void {
    if (left === 0) sessions.cleared(session.id)
    else leftBehind(left)
  }

  function leftBehind(left: number | Error): void {
    log.warn({ session: session.id, left: left instanceof Error ? left.message : left }, 'processes of a session may be left: ended as soon as they can be') // prettier-ignore
    void endLater(context, session.id, container)
  }

  return {
    session,
    input,
    output,
    errors,
    resize: (size) => void running.resize(size),
    signal: (name) => void (isCut ? undefined : signalProcesses(helpers, target, session.id, name).catch(() => {})),
    ended: wait().then((end) => {
      session.end(end)
      // With its container its processes are gone too.
      if (end.why === 'stopped') sessions.cleared(session.id)
      return end
    }),
  }
}

function ended(stream: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ['end', 'close', 'error']) stream.once(event, () => resolve())
  })
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

export function titleOf(target: Pick<Target, 'service'>, tag: string): string {
  return target.service === null ? shownTag(tag) : `${shownTag(tag)} ${target.service}`
}
