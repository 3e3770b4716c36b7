/** RFC 9457. */
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

export function problemOf(
  status: number,
  detail: string,
  about: Pick<Problem, 'tag' | 'state' | 'reason' | 'advice'> = {},
): Problem {
  // The status and `reason` say what kind of problem it is: no types of our own.
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, ...about }
}
