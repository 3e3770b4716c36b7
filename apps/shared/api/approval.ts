/** Whether a pull request of a fork may run. */
import { z } from 'zod'

export const approval = z
  .object({
    repository: z.string().meta({ description: 'Of the preview; empty for the one without a name.' }),
    tag: z.string(),
    number: z.int().nullable().meta({ description: 'Of its pull request; null while that is not known.' }),
    approved: z
      .object({ who: z.string(), at: z.iso.datetime() })
      .nullable()
      .meta({ description: 'Null where nobody lets it run.' }),
  })
  .meta({ id: 'Approval' })

export type ApprovalJson = z.output<typeof approval>
