/** What is wrong, for programs: RFC 9457. */
import { STATUS_CODES } from 'node:http'

export interface Problem {
  type: string
  title: string
  status: number
  /** For people: what is wrong, and what to do. */
  detail: string
  tag?: string
  state?: string
  /** A reason's code. */
  reason?: string
  /** What whoever can mend it should do. */
  advice?: string
}

/** @param about the tag, state and reason where there are any; undefined ones are left out */
export function problemOf(
  status: number,
  detail: string,
  about: Pick<Problem, 'tag' | 'state' | 'reason' | 'advice'> = {},
): Problem {
  // The status says what kind of problem it is, and `reason` the rest: there are no types of our own to look up.
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, ...about }
}
