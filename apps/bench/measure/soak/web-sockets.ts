/** WebSockets that talk until they are cut off, and some whose client vanishes. */
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { vanish } from '../../../testing/clients/vanish.ts'
import type { Lotan } from '../../../testing/harness/lotan.ts'
import type { Tally } from './tally.ts'

const SAYS_EVERY_MS = 500
const words = 'x'.repeat(200)
/** A refusal's 503, or its first message, comes sooner. */
const OPENS_WITHIN_MS = 5_000
const VANISHES_WITHIN_MS = 120_000

export async function talkUntilCut(
  lotan: Lotan,
  tally: Tally,
  tag: string,
  path: string,
  signal: AbortSignal,
): Promise<string> {
  const socket = open(lotan, tag, path)
  signal.addEventListener('abort', () => socket.terminate())
  let refused: string | undefined
  let isGreeted = false
  socket.once('message', (text: Buffer) => {
    isGreeted = true
    const { tag: from } = JSON.parse(text.toString()) as { tag: string }
    if (from !== tag) tally.fault(`the WebSocket of ${from} for ${tag}`)
  })
  socket.on('unexpected-response', (_, response) => {
    refused = String(response.statusCode)
    socket.terminate()
  })
  const talking = setInterval(() => socket.readyState === WebSocket.OPEN && socket.send(words), SAYS_EVERY_MS)
  await closed(socket)
  clearInterval(talking)
  return refused ?? (isGreeted ? 'cut' : 'never open')
}

/**
 * From then on no packet of its connection comes through, in neither direction. Nothing is on its way then: where
 * something is, the kernel tries to send that for a quarter of an hour (tcp_retries2) before it gives up.
 */
export async function vanishSoon(lotan: Lotan, tag: string, signal: AbortSignal): Promise<string> {
  await sleep(VANISHES_WITHIN_MS * Math.random(), undefined, { signal })
  const socket = open(lotan, tag, '/')
  const opened = new Promise<number>((resolve) =>
    socket.once('upgrade', ({ socket: { localPort } }) => socket.once('message', () => resolve(localPort!))),
  )
  const port = await Promise.race([opened, closed(socket), sleep(OPENS_WITHIN_MS)])
  if (port) await vanish(port, lotan.port)
  socket.terminate()
  return port ? 'vanished' : 'never open'
}

function open(lotan: Lotan, tag: string, path: string): WebSocket {
  const headers = { Host: lotan.host(tag) }
  return new WebSocket(`ws://127.0.0.1:${lotan.port}${path}`, { headers }).on('error', () => {})
}

function closed(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}
