/** What is pressed on a terminal, from the bytes that it sends (ECMA-48, and xterm's). Pure. */

export type Key =
  | { is: 'text'; text: string }
  | { is: 'enter' | 'tab' | 'up' | 'down' | 'first' | 'last' | 'delete' | 'clear' | 'leave' | 'draw' }

const controls = new Map<string, Exclude<Key['is'], 'text'>>(
  Object.entries({
    '\r': 'enter',
    '\n': 'enter',
    '\t': 'tab',
    '\x7f': 'delete',
    '\b': 'delete',
    '\x03': 'leave',
    '\x04': 'leave',
    '\x0c': 'draw',
    '\x0e': 'down',
    '\x10': 'up',
    '\x15': 'clear',
    '\x1b[A': 'up',
    '\x1bOA': 'up',
    '\x1b[B': 'down',
    '\x1bOB': 'down',
    '\x1b[H': 'first',
    '\x1b[1~': 'first',
    '\x1b[F': 'last',
    '\x1b[4~': 'last',
  }),
)

/** Others of them mean nothing. */
const SEQUENCE = /\x1b(?:\[[0-?]*[ -/]*[@-~]?|O.?|.?)|[\x00-\x1f\x7f]|[^\x00-\x1f\x7f]+/gsu

/** A sequence comes in one piece, as terminals send it. */
export function keysIn(bytes: Buffer): Key[] {
  return (bytes.toString('utf8').match(SEQUENCE) ?? []).flatMap((part): Key[] => {
    const control = controls.get(part)
    if (control) return [{ is: control }]
    const text = part.replace(/[^\x21-\x7e]/g, '')
    return part.startsWith('\x1b') || text === '' ? [] : [{ is: 'text', text }]
  })
}
