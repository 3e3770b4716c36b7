import { z } from 'zod'

export const behind = z
  .int()
  .nullable()
  .meta({
    description:
      'How many commits the image is behind the head; 0: it shows the head. Null where that is not known, as without the label ' +
      'org.opencontainers.image.revision.',
  })

export const changeFields = {
  number: z.int(),
  title: z.string(),
  author: z.string().meta({ description: 'The name of the account, without @.' }),
  branch: z.string(),
  sha: z.string().meta({ description: 'The head commit.' }),
  fork: z.boolean().meta({ description: 'Whether its branch lies in another repository.' }),
  state: z.enum(['open', 'closed', 'merged']),
  url: z.string().meta({ description: 'Its page at the forge.' }),
}

export const previewChange = z
  .object({ ...changeFields, behind })
  .nullable()
  .meta({ description: 'The pull or merge request that its tag is of; null where none is known, or no forge is set.' })

export type PreviewChangeJson = NonNullable<z.output<typeof previewChange>>
