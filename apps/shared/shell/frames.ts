/**
 * What goes over the WebSocket of a session (apps/shell/http serves it; command line and terminal speak it). Binary
 * messages are bytes: the first one says of which stream. Text messages are JSON: what is said about it. Pure.
 */
import type { SessionEnd } from './session-kind.ts'

/** The first byte of a binary message. In `forward` there is but `input` there and `output` back. */
export const streams = { input: 0, output: 1, errors: 2 } as const
export type StreamNumber = (typeof streams)[keyof typeof streams]

/** RFC 6455, 1.9: both ends name it. */
export const SUBPROTOCOL = 'lotan.session.v1'

/** What the client says. */
export type ClientMessage =
  | { type: 'resize'; columns: number; rows: number }
  /** Its name without SIG. */
  | { type: 'signal'; name: string }
  /** Its input is at its end; it goes on to read. */
  | { type: 'eof' }

/** What Lotan says. */
export type ServerMessage =
  /** While its preview wakes: one line. */
  | { type: 'progress'; line: string }
  /** From here on there are bytes. `resume`: what another connection comes back with, for so long after this one broke. */
  | { type: 'open'; session: string; resume: string | null }
  /** To be read by whoever is inside: a stop is near. */
  | { type: 'notice'; line: string }
  | { type: 'eof' }
  | { type: 'end'; end: SessionEnd }
  /** It has not begun, and does not. `problem` is one of problems.ts. */
  | { type: 'refused'; problem: string; detail: string }

/** @returns undefined for what is no such message */
export function readClientMessage(text: string): ClientMessage | undefined {
  const told = parsed(text)
  if (told?.type === 'eof') return { type: 'eof' }
  if (told?.type === 'signal' && typeof told.name === 'string' && /^[A-Z0-9]{1,10}$/.test(told.name))
    return { type: 'signal', name: told.name }
  if (told?.type === 'resize' && isSide(told.columns) && isSide(told.rows))
    return { type: 'resize', columns: told.columns, rows: told.rows }
  return undefined
}

/** The engine takes no more. */
function isSide(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const told: unknown = JSON.parse(text)
    return typeof told === 'object' && told !== null ? (told as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
