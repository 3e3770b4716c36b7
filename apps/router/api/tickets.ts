import type { Request, Response } from 'express'
import { ticket as ticketSchema, type TicketJson } from '../../shared/api/ticket.ts'
import { hashOf, makeSecret } from '../../shared/secret.ts'
import { TICKET_MS } from '../../shared/store/tickets.ts'
import { actorOf } from '../access/caller.ts'
import type { ApiContext } from './context.ts'
import { previewIn } from './conventions/input.ts'
import { answer, problemAnswer, tagParameter, type ApiRoute, type Operation } from './conventions/operation.ts'
import { sendNotOffered } from './conventions/preview-problem.ts'
import { sendProblem } from './conventions/problem.ts'

const addTicket: Operation = {
  operationId: 'addTicket',
  summary: 'Gives a ticket: it lets one WebSocket look inside the preview.',
  description:
    `It can be used once, within ${TICKET_MS / 1_000} s: as \`?ticket=\` of /previews/TAG/exec, /run or /forward, ` +
    'which stand beside /api/v1, not below it. It starts nothing by itself.',
  parameters: [tagParameter],
  responses: {
    201: answer('This answer alone has the ticket.', ticketSchema),
    403: problemAnswer('Another site asked for it, with the login cookie; or TAG_FILTER has no such tag.'),
    404: problemAnswer('It is no valid tag, or this Lotan lets nobody look inside previews.'),
  },
}

export function ticketRoutes({ config, store }: ApiContext): ApiRoute[] {
  const path = '/previews/:tag/tickets'
  return [{ method: 'POST', path, needs: 'shell', operation: addTicket, handle: add }]

  function add(req: Request, res: Response) {
    if (config.shell === null) return sendProblem(res, 'shell-off', 'This Lotan lets nobody look inside previews.')
    const preview = previewIn(req)
    if (!config.offers(preview)) return sendNotOffered(res, preview)
    const secret = makeSecret()
    const { who, address } = actorOf(res)
    const until = store.tickets.give({ key: hashOf(secret), preview, who, address, created: Date.now() })
    const told: TicketJson = { ticket: secret, until: new Date(until).toISOString() }
    return res.status(201).json(told)
  }
}
