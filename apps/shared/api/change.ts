import { z } from 'zod'

export const change = z
  .object({
    id: z.int().meta({ description: 'Counts up.' }),
    time: z.iso.datetime(),
    was: z.string().meta({ description: 'The state before; `unknown` where there was no preview.' }),
    state: z.string().meta({ description: 'The state after; `unknown` where its row went.' }),
    event: z.string().meta({ description: 'What led from one to the other: a code.' }),
    generation: z.int().nullable(),
    detail: z
      .string()
      .nullable()
      .meta({
        description:
          'What the event is about: who started it, why it was stopped, its slot, a digest, a share link’s id, a code with the ' +
          'engine’s words.',
      }),
    who: z
      .string()
      .nullable()
      .meta({ description: 'Who made it; `lotan` by itself. Null where it is older than that.' }),
    address: z.string().nullable().meta({ description: 'From where; for an admin only.' }),
    request: z
      .string()
      .nullable()
      .meta({ description: 'The id of the request that it goes back to, which is in all logs; null for none.' }),
    words: z.string().meta({ description: 'The same for people; may be empty.' }),
  })
  .meta({ id: 'Change' })

export type ChangeJson = z.output<typeof change>
