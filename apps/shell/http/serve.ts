/** What a client that was let in talks to, over its WebSocket. */
import type { WebSocket } from 'ws'
import { streams } from '../../shared/shell/frames.ts'
import type { SessionEnd } from '../../shared/shell/session-kind.ts'
import type { ShellContext } from '../context.ts'
import { enter, enterCommand } from '../enter.ts'
import { NoEntry } from '../no-entry.ts'
import { beginRun } from '../sessions/one-off.ts'
import type { Talk } from '../sessions/talk.ts'
import type { Admitted } from './admit.ts'
import { openConnection, type Connection, type Patience } from './connection.ts'
import { openConversation } from './conversation.ts'
import { feed, pump } from './flow.ts'
import { openForwards } from './forwards.ts'
import { keepConversations } from './kept-conversations.ts'
import type { ExecWanted, ForwardWanted, RunWanted } from './wanted.ts'

export interface Lasts {
  patience?: Patience
  /** Milliseconds that a page's session stays after its connection broke. */
  keptMs?: number
}

export function openService(context: ShellContext, { patience, keptMs }: Lasts = {}) {
  const kept = keepConversations(keptMs)
  const forwards = openForwards(context)

  async function serve(socket: WebSocket, { ask, ...who }: Admitted): Promise<void> {
    const isPatient = ask.does === 'forward' || ask.terminal === null
    const connection = openConnection(socket, isPatient, patience)
    try {
      if (ask.does === 'exec') await serveExec(connection, who, ask)
      else if (ask.does === 'run') await serveRun(connection, who, ask)
      else await serveForward(connection, who, ask)
    } catch (error) {
      if (!(error instanceof NoEntry)) context.log.error({ error }, 'a session failed')
      const { problem, message } = error instanceof NoEntry ? error : new NoEntry('internal-error', 'The log has more.')
      connection.say({ type: 'refused', problem, detail: message })
      await connection.close()
    }
  }

  async function serveExec(connection: Connection, { preview, actor }: Who, ask: ExecWanted) {
    const { service, command, terminal, env, via, resume, seen } = ask
    if (resume !== null) {
      const { who } = actor
      if (kept.resume(resume, { preview, who, size: terminal!, seen }, connection)) return
      throw new NoEntry('session-over', 'This session is over.')
    }
    const kind = command === null ? 'shell' : 'exec'
    const asked = { preview, service, kind, program: null, via, actor } as const
    const left = leaving(connection)
    const talk = await enterCommand(context, asked, { command, terminal, env }, telling(connection), left.signal)
    if (via === 'page') {
      left.release()
      return kept.begin(talk, connection, left.leave)
    }
    return talkOver(talk, connection, left)
  }

  async function serveRun(connection: Connection, { preview, actor }: Who, ask: RunWanted) {
    const asked = { preview, service: null, kind: 'run', program: null, via: 'api', actor } as const
    const left = leaving(connection)
    const talk = await enter(context, asked, telling(connection), left.signal, (session, target) =>
      beginRun(context, session, target, ask),
    )
    talkOver(talk, connection, left)
  }

  async function serveForward(connection: Connection, { preview, actor }: Who, ask: ForwardWanted) {
    const left = leaving(connection)
    const { session, input, output, release } = await forwards.begin(preview, actor, ask, telling(connection), left.signal) // prettier-ignore
    input.on('error', () => {})
    output.on('error', () => {})
    let inputIsOver = false
    let outputIsOver = false
    let isOver = false

    function over(end: SessionEnd) {
      if (isOver) return
      isOver = true
      release()
      input.destroy()
      output.destroy()
      connection.say({ type: 'end', end })
      void connection.close()
    }
    function closeIfOver() {
      if (inputIsOver && outputIsOver) over({ why: 'closed' })
    }

    connection.say({ type: 'open', session: session.id, resume: null })
    pump(output, (bytes) => {
      session.touch()
      return connection.send(streams.output, bytes)
    })
    output.once('end', () => {
      outputIsOver = true
      connection.say({ type: 'eof' })
      closeIfOver()
    })
    output.once('close', () => {
      if (!outputIsOver) over({ why: 'closed' })
    })
    input.once('close', () => {
      inputIsOver = true
      closeIfOver()
    })
    session.signal.addEventListener('abort', () => over(session.signal.reason as SessionEnd))
    left.signal.addEventListener('abort', () => over({ why: 'closed' }))
    connection.hear({
      input(bytes) {
        session.touch()
        return feed(input, bytes)
      },
      told(message) {
        if (message.type !== 'eof') return
        inputIsOver = true
        input.end()
        closeIfOver()
      },
    })
  }

  return { serve }
}

type Who = Omit<Admitted, 'ask'>

function telling(connection: Connection): (line: string) => void {
  return (line) => connection.say({ type: 'progress', line })
}

function talkOver(talk: Talk, connection: Connection, { leave }: { leave: () => void }) {
  openConversation(talk, null, leave).goOnOver(connection)
}

/** Aborts when the client closes its connection, or vanishes. */
function leaving({ closed }: Connection) {
  const left = new AbortController()
  const leave = () => left.abort()
  if (closed.aborted) leave()
  closed.addEventListener('abort', leave)
  return { signal: left.signal, leave, release: () => closed.removeEventListener('abort', leave) }
}
