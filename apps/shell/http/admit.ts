/** Who may come in by WebSocket: whoever has a ticket, but no page of another site. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Actor } from '../../shared/actor.ts'
import type { ProblemName } from '../../shared/api/problems.ts'
import { isOwnOrigin } from '../../shared/own-origin.ts'
import { previewNamed } from '../../shared/preview/copy.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import { hashOf, isSecret } from '../../shared/secret.ts'
import type { ShellContext } from '../context.ts'
import { BadParameter } from './parameters.ts'
import { readWanted, type Wanted } from './wanted.ts'

export class Refused extends Error {
  readonly problem: ProblemName

  constructor(problem: ProblemName, detail: string) {
    super(detail)
    this.problem = problem
  }
}

export interface Admitted {
  preview: PreviewId
  actor: Actor
  ask: Wanted['ask']
}

/** Uses the ticket up, unless something else is wrong: a ticket is for the person, who may mend that. @throws Refused */
export function admit(
  uri: string,
  headers: IncomingHttpHeaders,
  { config, store }: Pick<ShellContext, 'config' | 'store'>,
): Admitted {
  const wanted = read(uri)
  const protocol = String(headers['x-forwarded-proto'] ?? 'http')
  // Only browsers send it, and they send it always.
  if (headers.origin !== undefined && !isOwnOrigin(headers, protocol, config))
    throw new Refused('other-site', 'A page of another site asked for this.')
  const { ticket } = wanted
  const preview = previewNamed(wanted.preview, (copy) => store.get(copy) !== undefined)
  const taken = preview !== undefined && ticket !== null && isSecret(ticket) ? store.tickets.take(hashOf(ticket), preview, Date.now()) : undefined // prettier-ignore
  if (preview === undefined || !taken)
    throw new Refused('no-ticket', 'This takes a ticket of this preview that nobody has used: ?ticket=….')
  const { 'x-real-ip': address, 'x-request-id': request } = headers
  const actor: Actor = { who: taken.who, address: first(address) ?? taken.address, request: first(request) ?? null }
  return { preview, actor, ask: wanted.ask }
}

function read(uri: string): Wanted {
  try {
    const wanted = readWanted(uri)
    if (wanted) return wanted
  } catch (error) {
    if (error instanceof BadParameter) throw new Refused('bad-parameter', error.message)
    throw error
  }
  throw new Refused('nothing-here', 'There is no such address.')
}

function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}
