/**
 * A connection to a port of a preview's stack, dialled from inside its network by busybox's `nc` in a helper. A client
 * that has no more to say is read to the end of its answer; the server's end is the end of both ways.
 */
import { randomBytes } from 'node:crypto'
import type { Readable, Writable } from 'node:stream'
import type { RunningCommand } from '../../shared/engine/engine.ts'
import { shownTag } from '../../shared/preview/copy-tag.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import { stackOf } from '../../shared/stack/stack-of.ts'
import { hostOf, labelOf } from '../../shared/tag.ts'
import type { ShellContext } from '../context.ts'
import { endProcesses } from '../helper/end-processes.ts'
import { NoEntry } from '../no-entry.ts'
import type { Target } from '../target.ts'
import { CONNECT_SECONDS, takeDialer } from './dialers.ts'
import type { Session } from './open-sessions.ts'
import { reachable, type Address, type ReachFacts } from './reachable.ts'

export { reachable, type Address, type Reach, type ReachFacts } from './reachable.ts'

export interface Connection {
  /** Its end is told to the server, whose answer goes on. */
  input: Writable
  output: Readable
  /** Once nothing of it is left, whoever has ended it. Never rejects. */
  ended: Promise<void>
}

/**
 * Services resolve by their names. Either stream destroyed, or the session's end, cuts it.
 * @throws NoEntry `not-reachable` before anything is dialled, `no-connection` where nothing takes it; EngineError
 */
export async function dial(
  context: ShellContext,
  session: Session,
  target: Target,
  address: Address,
): Promise<Connection> {
  const reach = reachable(address, reachOf(context, session.preview))
  if ('refused' in reach) throw new NoEntry('not-reachable', reach.refused)
  // Its helper stays as long as the session does. A session of another kind is in a container already.
  if (session.kind === 'forward') session.inside(target.container)
  let said = ''
  for (const host of reach.hosts) {
    const tried = await connect(context, session, target, host, reach.port)
    if ('input' in tried) return tried
    said ||= tried.refused
  }
  const { host, port } = address
  throw new NoEntry('no-connection', `${host}:${port} of ${shownTag(session.preview)} takes no connection: ${said}.`)
}

/** What of a preview may be dialled. */
export function reachOf({ config, store }: Pick<ShellContext, 'config' | 'store'>, id: PreviewId): ReachFacts {
  const image = store.get(id)?.image
  const read = image && stackOf(id, image, config)
  const name = read && 'stack' in read ? read.stack.app.name : 'app'
  return {
    application: [name, shownTag(id), shownTag(splitId(id).tag), hostOf(id, config), labelOf(id, config)],
    services: store.services.of(id).map((service) => service.name),
  }
}

async function connect(
  context: ShellContext,
  session: Session,
  target: Target,
  host: string,
  port: number,
): Promise<Connection | { refused: string }> {
  const { engine, helpers, log } = context
  const mark = `${session.id}.${randomBytes(6).toString('hex')}`
  const { running, isNew } = await takeDialer(helpers, target)
  const { input, output } = running
  input.write(`${host} ${port} ${mark}\n`)

  let isGone = false
  const ended = endOf(running, async () => {
    if (isGone) return
    const left = await endProcesses(helpers, target, mark).catch((error: Error) => error.message)
    if (left !== 0) log.warn({ session: session.id, left }, 'a connection of a session may be left')
  })
  const cut = () => void input.destroy()
  if (session.signal.aborted) cut()
  session.signal.addEventListener('abort', cut, { once: true })
  const over = new AbortController()
  void ended.then(() => {
    session.signal.removeEventListener('abort', cut)
    over.abort()
  })
  // A helper ends with its preview, and the engine leaves the connections of its commands open.
  engine.wait(target.container, over.signal).then(
    () => {
      isGone = true
      cut()
    },
    () => {},
  )

  const { isOpen, said } = await opened(running)
  if (isOpen) return { input, output, ended }
  // It has ended with its helper, which was removed while it waited.
  if (said === '' && !isNew) return connect(context, session, target, host, port)
  return { refused: saidBy(said) }
}

/** @param cut called where it ends before nc does */
async function endOf({ input, output }: RunningCommand, cut: () => Promise<void>): Promise<void> {
  let isOver = false
  input.once('end', () => {
    isOver = true
    input.destroy()
  })
  output.once('close', () => void input.destroy())
  await new Promise<void>((resolve) => input.once('close', () => resolve()))
  if (!isOver) await cut()
}

/** Ended at once with 0, it had been open. */
async function opened({ errors, exitCode }: RunningCommand): Promise<{ isOpen: boolean; said: string }> {
  let text = ''
  const isOpen = await new Promise<boolean>((resolve) => {
    errors!.on('data', (part: Buffer) => {
      text += part.toString('utf8')
      if (/^open$/m.test(text)) resolve(true)
    })
    for (const event of ['end', 'close', 'error']) errors!.once(event, () => resolve(false))
  })
  if (isOpen) return { isOpen, said: '' }
  for (let tries = 0; tries < 50; tries++) {
    const code = await exitCode().catch(() => 1)
    if (code !== null) return { isOpen: code === 0, said: text }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { isOpen: false, said: text }
}

/** `nc: can't connect to remote host (127.0.0.1): Connection refused`; a bad name, or nothing at all after -w. */
function saidBy(text: string): string {
  const line = text.split('\n').find((one) => one.startsWith('nc: ')) ?? ''
  const words = line.replace(/^nc: (can't connect to remote host \(.*?\): )?/, '').trim()
  return words === '' ? `no answer in ${CONNECT_SECONDS} s` : words.charAt(0).toLowerCase() + words.slice(1)
}
