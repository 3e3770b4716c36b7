/** The ports of 127.0.0.1 that serve as slots are chosen once and kept in the database. */
import { randomInt } from 'node:crypto'
import fs from 'node:fs'
import net from 'node:net'

const HOST = '127.0.0.1'
/** Well-known services use the ports below. */
const LOWEST = 10_000
const HIGHEST = 65_535
/** Linux's default range for outgoing connections. */
const LINUX_DEFAULT: Span = [32_768, 60_999]

type Span = [first: number, last: number]

/** Begins at a random port, so that an instance rarely takes what another just freed. @param known in slot order */
export async function fillPool(known: number[], count: number, reserved: number[]): Promise<number[]> {
  const pool = [...known]
  const taken = new Set([...known, ...reserved])
  for (const port of candidates(outgoingPorts(), randomInt)) {
    if (pool.length >= count) return pool
    if (!taken.has(port) && (await isFree(port))) pool.push(port)
  }
  if (pool.length >= count) return pool
  throw new Error(`LOTAN_SLOTS is ${count}, but only ${pool.length} ports of ${HOST} are free`)
}

/** The kernel's own range last. @param random a whole number below its argument */
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

function outgoingPorts(): Span {
  try {
    const [first, last] = fs.readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/)
    return [Number(first), Number(last)]
  } catch {
    return LINUX_DEFAULT
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = net.createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, HOST, () => server.close(() => resolve(true)))
  })
}
