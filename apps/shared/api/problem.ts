/** RFC 9457. */
import { z } from 'zod'
import { urlOf, type Config } from '../config/config.ts'
import { kindOf, type ProblemName } from './problems.ts'

export const problem = z
  .object({
    type: z.url().meta({ description: 'The address of a page that explains this kind of problem.' }),
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

export const PROBLEM_PAGES = '/problems'

/** The page is on TL_DOMAIN, also for what a preview's host answers. */
export function problemOf(
  config: Pick<Config, 'domain' | 'publicUrl'>,
  name: ProblemName,
  detail: string,
  about: Pick<Problem, 'tag' | 'state' | 'reason' | 'advice'> = {},
): Problem {
  const { status, title } = kindOf(name)
  return { type: `${urlOf(config.domain, config)}${PROBLEM_PAGES}/${name}`, title, status, detail, ...about }
}
