import { z } from 'zod'

export const offeredTag = z
  .object({
    tag: z.string(),
    digest: z
      .string()
      .nullable()
      .meta({
        description:
          'The one that was last seen there, when it was pulled or asked for a newer one. Null where Lotan has had no ' +
          'reason to ask: a list asks the registry for no digests.',
      }),
    preview: z.boolean().meta({ description: 'Whether there is a preview of it.' }),
    host: z.string(),
    url: z.url(),
  })
  .meta({ id: 'OfferedTag' })

export type OfferedTag = z.output<typeof offeredTag>
