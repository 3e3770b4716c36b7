/** Which addresses may be dialled from inside a preview: its own stack, and nothing else. Pure. */

export interface Address {
  host: string
  port: number
}

export interface ReachFacts {
  /** All that mean the application itself: its name in its stack, its tag, its host and that one's label. */
  application: readonly string[]
  /** Of its stack. */
  services: readonly string[]
}

export type Reach =
  /** Dialled in this order, until one takes the connection. */
  { hosts: readonly string[]; port: number } | { refused: string }

const LOOPBACK_4 = '127.0.0.1'
const LOOPBACK_6 = '::1'

export function reachable({ host, port }: Address, { application, services }: ReachFacts): Reach {
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    return { refused: 'A port is a whole number from 1 to 65535.' }
  const name = host.toLowerCase()
  // A program may listen on one of them only, and its client need not know which.
  if (name === 'localhost' || isOneOf(name, application)) return { hosts: [LOOPBACK_4, LOOPBACK_6], port }
  if (name === LOOPBACK_4 || name === LOOPBACK_6) return { hosts: [name], port }
  if (isOneOf(name, services)) return { hosts: [name], port }
  const those = services.length > 0 ? `its services ${services.join(', ')}` : 'it has no services'
  const what =
    services.length > 0 ? `the application (localhost) and ${those}` : `the application (localhost): ${those}`
  return { refused: `${shown(host)} cannot be reached from here. What can be reached of this preview is ${what}.` }
}

function isOneOf(name: string, names: readonly string[]): boolean {
  return names.some((one) => one.toLowerCase() === name)
}

/** It comes from a client. */
function shown(host: string): string {
  return host.replace(/[^\x21-\x7e]/g, '?').slice(0, 100) || 'A host without a name'
}
