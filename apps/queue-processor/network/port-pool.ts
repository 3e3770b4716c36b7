/** The ports of 127.0.0.1 that are slots, where slots are ports: chosen once, and kept in the database. */
import { randomInt } from 'node:crypto'
import fs from 'node:fs'
import net from 'node:net'

const HOST = '127.0.0.1'
/** Below are the ports that services are known by. */
const LOWEST = 10_000
const HIGHEST = 65_535
/** What Linux takes for outgoing connections unless it is told otherwise. */
const USUAL: Span = [32_768, 60_999]

type Span = [first: number, last: number]

/**
 * As many ports as there are slots: those that are known, and as many more that are free just now. Where there are
 * enough they are ones that the kernel gives to nobody by itself. Two Lotans begin at two places, so that one hardly
 * ever has a port that was the other's a moment ago.
 *
 * @param known ports that are the pool's already, the first slot's first
 * @param never ports that somebody is to have who may not have them yet
 * @throws when so many are not free
 */
export async function fillPool(known: number[], count: number, never: number[]): Promise<number[]> {
  const pool = [...known]
  const taken = new Set([...known, ...never])
  for (const port of candidates(outgoing(), randomInt)) {
    if (pool.length >= count) return pool
    if (!taken.has(port) && (await isFree(port))) pool.push(port)
  }
  if (pool.length >= count) return pool
  throw new Error(`LOTAN_SLOTS is ${count}, but only ${pool.length} ports of ${HOST} are free`)
}

/**
 * Every port that may be a slot's, once: from a random one on, and those that the kernel gives out last.
 * @param random gives a whole number from 0 up to, but not, its argument
 */
export function* candidates([first, last]: Span, random: (below: number) => number): Generator<number> {
  const all = Array.from({ length: HIGHEST - LOWEST + 1 }, (_, i) => LOWEST + i)
  const quiet = all.filter((port) => port < first || port > last)
  const busy = all.filter((port) => port >= first && port <= last)
  for (const ports of [quiet, busy]) {
    if (ports.length === 0) continue
    const from = random(ports.length)
    for (const i of ports.keys()) yield ports[(from + i) % ports.length]!
  }
}

/** The ports that this machine takes for outgoing connections. */
function outgoing(): Span {
  try {
    const [first, last] = fs.readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/)
    return [Number(first), Number(last)]
  } catch {
    return USUAL
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = net.createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, HOST, () => server.close(() => resolve(true)))
  })
}
