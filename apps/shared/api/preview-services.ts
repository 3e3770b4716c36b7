/** What runs beside the application of a preview, and what data it has. Programs rely on the names of these fields. */
import { z } from 'zod'
import { serviceStates } from '../stack/service-state.ts'

const count = z.int().min(0)

export const measured = z.object({
  bytes: count,
  at: z.iso.datetime().meta({ description: 'When that was measured.' }),
})

export const services = z
  .array(
    z.object({
      name: z.string().meta({ description: 'As the stack names it; the others reach it by this name.' }),
      state: z.enum(serviceStates).meta({
        description:
          '`done`: it has ended with 0, as it should. `restarting`: it has ended, and is started again at `restartsAt`.',
      }),
      since: z.iso.datetime().meta({ description: 'When the state was entered.' }),
      image: z.string().meta({ description: 'As the stack names it.' }),
      digest: z.string().nullable(),
      memory: measured
        .nullable()
        .optional()
        .meta({ description: 'As that of the preview; events and actions leave it out.' }),
      url: z.url().nullable().meta({ description: 'Of its second host, without a final slash; null without one.' }),
      crashes: count.meta({ description: 'Ends in a row that no step asked for.' }),
      restartsAt: z.iso.datetime().nullable(),
      reason: z.string().nullable().meta({ description: 'Why it failed, or is started again: a code.' }),
    }),
  )
  .meta({ description: 'In the order of its stack; empty without one.' })

export const volumes = z
  .array(
    z.object({
      name: z.string().meta({ description: 'As the stack names it.' }),
      bytes: count.nullable().meta({ description: 'Null before it was measured.' }),
      measured: z.iso.datetime().nullable().meta({ description: 'When that was.' }),
    }),
  )
  .meta({ description: 'What it keeps while it sleeps, and after its image has gone; empty without a stack.' })

export type ServicesJson = z.output<typeof services>
export type VolumesJson = z.output<typeof volumes>
