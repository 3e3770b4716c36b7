import { z } from 'zod'

export const repository = z
  .object({
    name: z.string().meta({ description: 'As paths and hosts have it; empty for the one without a name.' }),
    reference: z.string().meta({ description: 'Where its images are: `registry.example.com/team/app`.' }),
    host: z.string().meta({ description: 'Where its previews live, with TAG in place of the tag.' }),
    previews: z.int().meta({ description: 'How many there are, of those that the caller sees.' }),
    registry: z
      .object({
        at: z.iso.datetime().meta({ description: 'When its tags were read last.' }),
        tags: z.int().nullable().meta({ description: 'How many it has; null where it could not be read.' }),
        error: z.string().nullable().meta({ description: 'Why its tags could not be read: a code.' }),
      })
      .nullable()
      .meta({
        description: 'Null before its tags were read, and where the reaper, which reads them, does not answer.',
      }),
  })
  .meta({ id: 'Repository' })

export type RepositoryJson = z.output<typeof repository>
