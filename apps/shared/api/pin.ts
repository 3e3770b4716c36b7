import { z } from 'zod'

const wrong = 'until is a time, such as 2031-12-24T18:00:00Z.'

export const pinned = z
  .object({
    until: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'When that ends by itself; null: not before it is unpinned.' }),
  })
  .nullable()
  .meta({ description: 'Whether it is kept, used or not. Null where it is not, and where that is over.' })

export const pinRequest = z.strictObject(
  {
    until: z.iso
      .datetime({ offset: true, error: wrong })
      .nullable()
      .optional()
      .meta({ description: 'When it ends by itself. Without it: not before it is unpinned.' }),
  },
  'Send {"until": TIME}, {} or nothing.',
)
