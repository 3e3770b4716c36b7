/** Pull and merge requests. Title, author and branch are as their author wrote them at the forge. */
import { z } from 'zod'
import { states } from './preview.ts'
import { behind, changeFields } from './preview-change.ts'

export const pullRequest = z
  .object({
    repository: z
      .string()
      .meta({ description: 'The name of its images’ repository; empty for the one without a name.' }),
    ...changeFields,
    tag: z
      .string()
      .nullable()
      .meta({ description: 'Of the tags that LOTAN_FORGE_TAG gives it the first that has an image, else the first.' }),
    preview: z
      .enum(states)
      .nullable()
      .meta({ description: 'The state of the preview of that tag; null: there is none.' }),
    revision: z.string().nullable().meta({
      description:
        'The label org.opencontainers.image.revision of the image that the preview has, else of the one in the registry.',
    }),
    behind,
  })
  .meta({ id: 'PullRequest' })

export type PullRequestJson = z.output<typeof pullRequest>
