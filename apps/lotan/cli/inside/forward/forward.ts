/** `lotan forward`: ports of this machine that lead inside, until Ctrl-C. */
import net from 'node:net'
import { once } from 'node:events'
import type { PreviewId } from '../../../../shared/preview/preview-id.ts'
import { exit, Failure } from '../../command.ts'
import type { Context } from '../../context.ts'
import { beforeInterrupt } from '../../interrupt.ts'
import { askTicket } from '../connection.ts'
import { reportOf } from '../end.ts'
import { openProgress } from '../progress.ts'
import { shownAddress, type Forwarded } from './asked.ts'
import { carry, type Carried } from './carry.ts'

/** A program that tries again and again is told of once in this time. */
const SAME_LINE_MS = 5_000

/** @throws Failure at once where it cannot work: a token that may not, a port that is taken */
export async function forward(context: Context, id: PreviewId, forwards: readonly Forwarded[]): Promise<never> {
  const { api, say, output } = context
  // It is not used: whether one can be had tells whether the first connection will get in.
  await askTicket(api, id)
  const teller = openTeller(context, id)
  const servers = await Promise.all(
    forwards.map(async (one) => {
      const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (local) => void serve(one, local))
      await listen(server, one)
      return server
    }),
  )
  for (const [i, { to, host }] of forwards.entries()) {
    const { port } = servers[i]!.address() as net.AddressInfo
    output.print(`${shownAddress(host, port)}  ${id} ${to}\n`)
  }
  say('Ctrl-C ends it')
  return new Promise(() => {})

  async function serve({ to }: Forwarded, local: net.Socket) {
    const done = teller.begin()
    try {
      const carried = await carry(api, id, to, local, { ...teller, open: done })
      teller.answered()
      const line = lineOf(carried, `${id} ${to}`)
      if (line !== undefined) teller.once(line)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      teller.failed(`${error.message}${error.status === exit.away ? '; the next connection tries it again' : ''}`, error.status === exit.away) // prettier-ignore
    } finally {
      done()
    }
  }
}

function lineOf(carried: Carried, name: string): string | undefined {
  if (carried.how === 'ended') return undefined
  if (carried.how === 'refused') return carried.detail.includes(name.split(' ')[0]!) ? carried.detail : `${name}: ${carried.detail}` // prettier-ignore
  return `${reportOf(carried.end, name).line ?? `${name}: it was cut`}; the next connection wakes it`
}

async function listen(server: net.Server, { host, port }: Forwarded): Promise<void> {
  try {
    await once(server.listen({ host, port }), 'listening')
  } catch (error) {
    throw new Failure(exit.unexpected, whyNot(error as NodeJS.ErrnoException, shownAddress(host, port)))
  }
}

function whyNot({ code, message }: NodeJS.ErrnoException, address: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `${address} is taken on this machine: choose another port with --bind PORT, or any that is free with --bind 0`
    case 'EACCES':
      return `${address} may be opened by root alone: choose a port above 1023 with --bind PORT`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${address} is no address of this machine: look at --bind`
    default:
      return `${address} cannot be opened: ${message}`
  }
}

/** All connections have one line of progress, and say nothing twice. */
function openTeller({ say, term }: Context, id: PreviewId) {
  const progress = openProgress(id, process.stderr, term, say)
  beforeInterrupt(() => progress.wipe())
  const last = new Map<string, number>()
  let waiting = 0
  let isAway = false

  function once(line: string) {
    const now = performance.now()
    if (now - (last.get(line) ?? -Infinity) < SAME_LINE_MS) return
    last.clear()
    last.set(line, now)
    if (waiting > 0) progress.wipe()
    for (const one of line.split('\n')) say(one)
  }

  return {
    progress: (line: string) => progress.show(line),
    notice: once,
    once,
    /** @returns says that it does not wait any more */
    begin(): () => void {
      waiting += 1
      let waits = true
      return () => {
        if (waits) waiting -= 1
        waits = false
        if (waiting === 0) progress.wipe()
      }
    },
    answered() {
      if (isAway) say('Lotan answers again')
      isAway = false
    },
    failed(line: string, away: boolean) {
      isAway ||= away
      once(line)
    },
  }
}
