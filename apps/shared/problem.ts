import { STATUS_CODES } from 'node:http'

export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  tag?: string
  state?: string
  reason?: string
  advice?: string
}

/** A problem (RFC 9457). @param about undefined values are left out */
export function problemOf(
  status: number,
  detail: string,
  about: Pick<Problem, 'tag' | 'state' | 'reason' | 'advice'> = {},
): Problem {
  // No types of our own: the status and `reason` say what kind it is.
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, ...about }
}
