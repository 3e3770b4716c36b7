/**
 * The connections open to previews, as the kernel counts them: nginx asks the router nothing more about a WebSocket or a
 * stream once it is open.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { SlotScheme } from './slot-scheme.ts'

const run = promisify(execFile)

export interface Connection {
  /** Both ends, `10.83.0.1:50812 10.83.0.25:80`: the same connection has the same key in every sample. */
  key: string
  /** Where it leads to, `10.83.0.25:80`. */
  peer: string
  /** Sent and received so far. */
  bytes: number
}

/** The established connections from this machine to where slots are, and perhaps a few more. */
export async function sampleConnections(places: SlotScheme): Promise<Connection[]> {
  const { stdout } = await run('ss', ['-Htni', 'state', 'established', filterFor(places)], {
    timeout: 2_000,
    maxBuffer: 2 ** 26,
  })
  return parseConnections(stdout)
}

/** In the words of `ss`. Of a pool of ports the span is enough: whose a port is, is looked at later. */
function filterFor(places: SlotScheme): string {
  if (places.kind === 'network') return `dst ${places.subnet}`
  return `dst 127.0.0.1 and dport >= :${Math.min(...places.ports)} and dport <= :${Math.max(...places.ports)}`
}

/** Reads what `ss -Htni` prints: a line with both ends, then an indented one with the kernel's counters. */
export function parseConnections(text: string): Connection[] {
  const connections: Connection[] = []
  for (const line of text.split('\n')) {
    if (/^\s/.test(line)) {
      const last = connections.at(-1)
      if (last) last.bytes = counter(line, 'bytes_acked') + counter(line, 'bytes_received')
      continue
    }
    // Without the state column, which `state established` leaves out: two queue lengths and two ends.
    const [local, remote] = line.split(/\s+/).filter((word) => word.includes(':'))
    if (!local || !remote) continue
    connections.push({ key: `${local} ${remote}`, peer: remote, bytes: 0 })
  }
  return connections
}

function counter(line: string, name: string): number {
  return Number(new RegExp(`\\b${name}:(\\d+)`).exec(line)?.[1] ?? 0)
}
