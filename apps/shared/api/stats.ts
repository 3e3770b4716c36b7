import { z } from 'zod'
import { serviceStates } from '../stack/service-state.ts'

export const stats = z
  .object({
    every: z.int().meta({ description: 'Milliseconds from one sample to the next.' }),
    limits: z
      .object({ memory: z.int().meta({ description: 'Bytes.' }), cpus: z.number() })
      .meta({ description: 'Of its container; each service has its own.' }),
    samples: z
      .array(
        z.object({
          time: z.iso.datetime().meta({ description: 'At the end of what it is of.' }),
          memory: z.int().nullable().meta({
            description:
              'Bytes, of its container and its services, without page cache that the kernel can drop; null where it did not run.',
          }),
          cpu: z.number().nullable().meta({
            description:
              'Processors, of all of these, on average since the sample before; null where it did not run all the time.',
          }),
          requests: z
            .int()
            .meta({ description: 'To its host since the sample before, whoever answered them; robots’ too.' }),
        }),
      )
      .meta({ description: 'Of the last hour, oldest first; without minutes in which it neither ran nor was asked.' }),
    services: z
      .array(
        z.object({
          name: z.string(),
          state: z.enum(serviceStates),
          memory: z.int().nullable().meta({ description: 'Bytes; null where it does not run, or was not measured.' }),
          cpu: z.number().nullable().meta({ description: 'Processors, on average of the last seconds.' }),
          time: z.iso.datetime().nullable().meta({ description: 'When that was measured.' }),
        }),
      )
      .meta({ description: 'What each takes now; empty without a stack.' }),
  })
  .meta({ id: 'Stats' })

export type Stats = z.output<typeof stats>
