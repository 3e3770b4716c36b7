/**
 * `ssh -L`: connections to ports of a preview's own stack. Several of one client to one target are one session, until a
 * minute has passed without any.
 */
import type { Connection, ServerChannel, TcpipRequestInfo } from 'ssh2'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import type { ShellContext } from '../context.ts'
import { NoEntry } from '../no-entry.ts'
import { dial, reachable, reachOf, type Address, type Connection as Dialled } from '../sessions/dial.ts'
import type { Session } from '../sessions/open-sessions.ts'
import { targetOf } from '../target.ts'
import { wake } from '../wake.ts'
import { drained } from './channel.ts'
import { checkRights, previewFor, type Client } from './client.ts'
import { readUserName } from './user-name.ts'

/** Of one connection, at once. */
const MOST = 100
const KEPT_MS = 60_000
/** What a client said before it closed its connection is carried on for so long, and is given so long to arrive. */
const LAST_BYTES_MS = 5_000
const ARRIVE_MS = 500

interface Forward {
  session: Session
  open: number
  timer: NodeJS.Timeout | null
}

/** @param tell lines for whoever has a terminal on this connection */
export function serveForwards(
  context: ShellContext,
  connection: Connection,
  client: Client,
  tell: (line: string) => void,
): void {
  const forwards = new Map<string, Forward>()
  let open = 0

  connection.on('tcpip', (accept, reject, asked) => {
    if (open >= MOST) return reject()
    open++
    void serve(accept, reject, asked).finally(() => open--)
  })
  client.left.addEventListener('abort', () => {
    for (const { session } of forwards.values()) session.end({ why: 'closed' })
  })

  async function serve(accept: () => ServerChannel | undefined, reject: () => void, asked: TcpipRequestInfo) {
    const address: Address = { host: asked.destIP, port: asked.destPort }
    let forward: Forward | undefined
    let isAccepted = false
    try {
      const id = allowed(address)
      forward = of(id, address)
      forward.open++
      const { session } = forward
      const left = AbortSignal.any([client.left, session.signal])
      // It may have gone to sleep since the last one.
      const preview = await wake(context, id, client.actor, () => {}, left)
      const dialled = await dial(context, session, targetOf(context, preview, null), address)
      const channel = left.aborted ? undefined : accept()
      isAccepted = channel !== undefined
      if (channel) await carry(channel, dialled, session, client)
      else dialled.input.destroy()
    } catch (error) {
      const { who, address: from } = client.actor
      const words = (error as Error).message
      context.log.info({ who, address: from, user: client.user, to: nameOf(address), error: words }, 'a port was not forwarded') // prettier-ignore
      if (!client.left.aborted)
        tell(error instanceof NoEntry ? words : `${nameOf(address)} cannot be reached: ${words}`)
    } finally {
      if (!isAccepted && !client.left.aborted) reject()
      if (forward) leave(forward, nameOf(address))
    }
  }

  /** Decided before anything is dialled, and where its image is known before it wakes. @throws NoEntry */
  function allowed(address: Address): PreviewId {
    checkRights(client)
    const asked = readUserName(client.user)
    if (asked?.is !== 'preview') throw new NoEntry('not-reachable', 'The menu forwards no ports: name a preview.')
    const id = previewFor(context, client, asked.shown)
    const reach = context.store.get(id)?.image ? reachable(address, reachOf(context, id)) : undefined
    if (reach && 'refused' in reach) throw new NoEntry('not-reachable', reach.refused)
    return id
  }

  function of(preview: PreviewId, address: Address): Forward {
    const to = nameOf(address)
    const known = forwards.get(to)
    if (known && !known.session.signal.aborted) {
      if (known.timer) clearTimeout(known.timer)
      known.timer = null
      return known
    }
    const { actor } = client
    const session = context.sessions.open({ preview, service: null, kind: 'forward', program: to, via: 'ssh', actor })
    const made: Forward = { session, open: 0, timer: null }
    forwards.set(to, made)
    return made
  }

  function leave(forward: Forward, to: string) {
    forward.open--
    if (forward.open > 0) return
    const end = () => {
      forward.session.end({ why: 'closed' })
      if (forwards.get(to) === forward) forwards.delete(to)
    }
    if (client.left.aborted) end()
    else forward.timer = setTimeout(end, KEPT_MS).unref()
  }
}

/** Until nothing of it is left. Either side's end is told to the other, which may go on. */
async function carry(
  channel: ServerChannel,
  dialled: Dialled,
  session: Session,
  { socket, left }: Client,
): Promise<void> {
  const { input, output, ended } = dialled
  const cut = () => void input.destroy()
  left.addEventListener('abort', cut, { once: true })
  // ssh2 tells a client's close of what is not read only by this.
  channel.stderr.once('finish', () => {
    const arrive = () => void setTimeout(cut, ARRIVE_MS)
    if (input.writableFinished) arrive()
    else input.once('finish', arrive)
    setTimeout(cut, LAST_BYTES_MS).unref()
  })
  input.on('error', () => {})
  channel.on('data', (chunk: Buffer) => {
    session.touch()
    if (input.write(chunk)) return
    channel.pause()
    input.once('drain', () => channel.resume())
  })
  channel.once('end', () => void input.end())
  try {
    for await (const chunk of output) {
      session.touch()
      await drained(socket)
      const isTaken = new Promise<void>((resolve) => void channel.write(chunk as Buffer, () => resolve()))
      await Promise.race([isTaken, ended])
    }
  } catch {
    // It was cut.
  }
  channel.eof()
  await ended
  left.removeEventListener('abort', cut)
  // What is still to come is of no use.
  channel.resume()
  channel.close()
}

function nameOf({ host, port }: Address): string {
  return `${host.replace(/[^\x21-\x7e]/g, '?').slice(0, 100)}:${port}`
}
