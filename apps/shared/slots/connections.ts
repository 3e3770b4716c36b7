/** As the kernel counts: nginx asks the router nothing more about an open WebSocket or stream. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { SlotScheme } from './slot-scheme.ts'

const run = promisify(execFile)

export interface Connection {
  /** The same in every sample: `10.83.0.1:50812 10.83.0.25:80`. `peer` is its second half. */
  key: string
  peer: string
  bytes: number
  /** Another preview's: nginx marks these by TCP's keepalive, which it uses for no other. */
  isCall?: true
}

/** Perhaps also those to other ports between those of a pool. */
export async function sampleConnections(scheme: SlotScheme): Promise<Connection[]> {
  const { stdout } = await run('ss', ['-Htnio', 'state', 'established', filterFor(scheme)], {
    timeout: 2_000,
    maxBuffer: 2 ** 26,
  })
  return parseConnections(stdout)
}

function filterFor(scheme: SlotScheme): string {
  if (scheme.kind === 'network') return `dst ${scheme.subnet}`
  return `dst 127.0.0.1 and dport >= :${Math.min(...scheme.ports)} and dport <= :${Math.max(...scheme.ports)}`
}

/** `ss -Htni` prints a line with both ends, then an indented one with the kernel's counters. */
export function parseConnections(text: string): Connection[] {
  const connections: Connection[] = []
  for (const line of text.split('\n')) {
    if (/^\s/.test(line)) {
      const last = connections.at(-1)
      if (last) last.bytes = counter(line, 'bytes_acked') + counter(line, 'bytes_received')
      continue
    }
    // `state established` leaves out the state column: two queue lengths and two ends are left.
    const [local, remote] = line.split(/\s+/).filter((word) => word.includes(':'))
    if (!local || !remote) continue
    const isCall = line.includes('timer:(keepalive,')
    connections.push({ key: `${local} ${remote}`, peer: remote, bytes: 0, ...(isCall && { isCall }) })
  }
  return connections
}

function counter(line: string, name: string): number {
  return Number(new RegExp(`\\b${name}:(\\d+)`).exec(line)?.[1] ?? 0)
}
