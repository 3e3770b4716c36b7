import { z } from 'zod'

export const stats = z
  .object({
    every: z.int().meta({ description: 'Milliseconds from one sample to the next.' }),
    limits: z.object({ memory: z.int().meta({ description: 'Bytes.' }), cpus: z.number() }),
    samples: z
      .array(
        z.object({
          time: z.iso.datetime().meta({ description: 'At the end of what it is of.' }),
          memory: z.int().nullable().meta({
            description: 'Bytes, without page cache that the kernel can drop; null where it did not run.',
          }),
          cpu: z.number().nullable().meta({
            description: 'Processors, on average since the sample before; null where it did not run all the time.',
          }),
          requests: z
            .int()
            .meta({ description: 'To its host since the sample before, whoever answered them; robots’ too.' }),
        }),
      )
      .meta({ description: 'Of the last hour, oldest first; without minutes in which it neither ran nor was asked.' }),
  })
  .meta({ id: 'Stats' })

export type Stats = z.output<typeof stats>
