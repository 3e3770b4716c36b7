import { z } from 'zod'

export const ticket = z
  .object({
    ticket: z.string().meta({ description: 'A secret: it lets one request in, to this preview alone.' }),
    until: z.iso.datetime(),
  })
  .meta({ id: 'Ticket' })

export type TicketJson = z.output<typeof ticket>
