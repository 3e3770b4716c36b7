/** What Lotan says over the WebSocket of a session. A newer one may say more. Pure. */
import type { ServerMessage } from '../../../shared/shell/frames.ts'
import type { SessionEnd } from '../../../shared/shell/session-kind.ts'
import { plain } from '../table/width.ts'

/** @returns undefined for what is no such message */
export function readServerMessage(text: string): ServerMessage | undefined {
  const told = parsed(text)
  switch (told?.type) {
    case 'progress':
    case 'notice':
      return typeof told.line === 'string' ? { type: told.type, line: plain(told.line) } : undefined
    case 'open': {
      const { session, resume } = told
      if (typeof session !== 'string') return undefined
      return { type: 'open', session, resume: typeof resume === 'string' ? resume : null }
    }
    case 'eof':
      return { type: 'eof' }
    case 'refused': {
      const { problem, detail } = told
      return typeof problem === 'string' && typeof detail === 'string' ? { type: 'refused', problem, detail: inLines(detail) } : undefined // prettier-ignore
    }
    case 'end': {
      const end = endIn(told.end)
      return end && { type: 'end', end }
    }
    default:
      return undefined
  }
}

function endIn(value: unknown): SessionEnd | undefined {
  const { why, code, detail } = (value ?? {}) as Record<string, unknown>
  switch (why) {
    case 'exited':
      return typeof code === 'number' ? { why, code } : undefined
    case 'failed':
      return { why, detail: typeof detail === 'string' ? inLines(detail) : '' }
    case 'closed':
    case 'idle':
    case 'stopped':
    case 'lotan-ended':
      return { why }
    default:
      return undefined
  }
}

/** It may be what an application wrote. */
function inLines(detail: string): string {
  return detail.split('\n').map(plain).join('\n')
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const told: unknown = JSON.parse(text)
    return typeof told === 'object' && told !== null ? (told as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
