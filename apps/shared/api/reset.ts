import { z } from 'zod'

export const reset = z
  .object({
    repository: z.string(),
    tag: z.string(),
    from: z.string().nullable().meta({ description: 'The snapshot; null for empty volumes.' }),
    state: z
      .enum(['asked', 'filled', 'done', 'failed'])
      .meta({ description: 'filled: the new data is there, and takes its place once no container runs.' }),
    asked: z.iso.datetime(),
    ended: z.iso.datetime().nullable(),
    by: z.string(),
    reason: z.string().nullable().meta({ description: 'failed: why.' }),
  })
  .meta({ id: 'Reset' })

export type ResetJson = z.output<typeof reset>

export const resetRequest = z.strictObject(
  { from: z.string().optional().meta({ description: 'A snapshot of this preview, or a published one.' }) },
  'Send {"from": …} with the name of a snapshot, or nothing for empty volumes.',
)
