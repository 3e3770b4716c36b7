/** What is wrong, for programs: RFC 9457. */
import { STATUS_CODES } from 'node:http'
import { z } from 'zod'

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'For people: what is wrong, and what to do.' }),
    tag: z.string().optional(),
    state: z.string().optional(),
    reason: z.string().optional().meta({ description: 'A code, as a Preview has it.' }),
    advice: z.string().optional().meta({ description: 'What the person who can mend it should do.' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457.' })

export type Problem = z.output<typeof problem>

/** @param about the tag, state and reason where there are any; undefined ones are left out */
export function problemOf(
  status: number,
  detail: string,
  about: Pick<Problem, 'tag' | 'state' | 'reason' | 'advice'> = {},
): Problem {
  // The status says what kind of problem it is, and `reason` the rest: there are no types of our own to look up.
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, ...about }
}
