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
    repository: z.string().optional().meta({ description: 'The name of the preview’s repository, where it has one.' }),
    tag: z.string().optional(),
    state: z.string().optional(),
    reason: z.string().optional().meta({ description: 'A code, as a Preview has it.' }),
    advice: z.string().optional().meta({ description: 'What the person who can mend it should do.' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457.' })

export type Problem = z.output<typeof problem>

/** The preview that it is about, and what there is to say of that. */
export type AboutProblem = Pick<Problem, 'repository' | 'tag' | 'state' | 'reason' | 'advice'>

export const PROBLEM_PAGES = '/problems'

/** The page is on TL_DOMAIN, also for what a preview's host answers. */
export function problemOf(
  config: Pick<Config, 'domain' | 'publicUrl'>,
  name: ProblemName,
  detail: string,
  about: AboutProblem = {},
): Problem {
  const { status, title } = kindOf(name)
  return { type: `${urlOf(config.domain, config)}${PROBLEM_PAGES}/${name}`, title, status, detail, ...about }
}
