/** One visit of a preview over a channel: it wakes, something is talked to, and that ends. */
import { EngineError } from '../../shared/engine/engine.ts'
import { shownTag } from '../../shared/preview/copy-tag.ts'
import type { SessionEnd } from '../../shared/shell/session-kind.ts'
import type { ShellContext } from '../context.ts'
import { enterCommand } from '../enter.ts'
import { NoEntry } from '../no-entry.ts'
import { endWords } from '../sessions/end-words.ts'
import type { Talk } from '../sessions/talk.ts'
import { checkRights, previewFor, type Client } from './client.ts'
import type { SessionChannel } from './channel.ts'
import { converse } from './converse.ts'
import { showProgress } from './progress-shown.ts'
import type { Asked } from './user-name.ts'

const CTRL_C = 3
/** What is typed before a preview is up. */
const MOST_TYPED = 65_536

export interface Visit {
  asked: Extract<Asked, { is: 'preview' }>
  /** A line for the image's shell; null: a shell. */
  command: string | null
  /** `A=1`. */
  env: readonly string[]
  /** Told what is talked to, once it is; and null. */
  talksTo: (talk: Pick<Talk, 'resize' | 'signal'> | null) => void
}

/** What is wrong has been told. */
export type VisitEnd = SessionEnd | { why: 'refused' } | { why: 'left' }

export async function visit(
  context: ShellContext,
  client: Client,
  channel: SessionChannel,
  { asked, command, env, talksTo }: Visit,
): Promise<VisitEnd> {
  const { shown, service } = asked
  const progress = showProgress(
    shownTag(shown),
    channel.terminal !== null,
    (text) => void channel.err(Buffer.from(text)),
  )
  const typing = channel.terminal ? watchTyping(channel) : undefined
  const left = typing ? AbortSignal.any([channel.left, typing.stops]) : channel.left
  try {
    checkRights(client)
    const preview = previewFor(context, client, shown)
    const kind = command === null ? 'shell' : 'exec'
    const entry = { preview, service, kind, program: null, via: 'ssh', actor: client.actor } as const
    const { terminal } = channel
    const marks = [...(terminal ? [`TERM=${terminal.name}`] : []), ...env]
    const ask = { command, terminal: terminal && terminal.size, env: marks }
    const talk = await enterCommand(context, entry, ask, progress.say, left)
    progress.done()
    typing?.done()
    // It may have another size since.
    if (terminal && terminal.size !== ask.terminal) talk.resize(terminal.size)
    talksTo(talk)
    const end = await converse(talk, channel)
    const words = endWords(end, preview, context.config.shell?.idle ?? 0)
    if (words !== null) await tell(words)
    return end
  } catch (error) {
    progress.done()
    typing?.done()
    if (left.aborted) return { why: 'left' }
    await tell(wordsOf(error))
    return { why: 'refused' }
  } finally {
    talksTo(null)
  }

  /** A client that reads nothing is not waited for. */
  async function tell(words: string): Promise<void> {
    void channel.tell(words)
  }

  function wordsOf(error: unknown): string {
    if (error instanceof NoEntry) {
      const { who, address } = client.actor
      context.log.info({ who, address, user: client.user, problem: error.problem }, 'nobody was let in')
      return error.message
    }
    if (error instanceof EngineError) return `The engine refuses: ${error.message}`
    context.log.error({ error }, 'a visit failed')
    return 'Something went wrong, which Lotan has noted in its log.'
  }
}

/** Who waits may leave: its terminal sends no signal, but the key. What else was typed is kept for what comes up. */
function watchTyping({ input }: SessionChannel) {
  const stops = new AbortController()
  const typed: Buffer[] = []
  let bytes = 0
  const onData = (chunk: Buffer) => {
    if (chunk.includes(CTRL_C)) return stops.abort()
    typed.push(chunk)
    bytes += chunk.length
    if (bytes > MOST_TYPED) input.pause()
  }
  input.on('data', onData)
  input.resume()
  return {
    stops: stops.signal,
    done() {
      input.pause()
      input.off('data', onData)
      for (const chunk of typed.splice(0).reverse()) if (!input.readableEnded) input.unshift(chunk)
    },
  }
}
