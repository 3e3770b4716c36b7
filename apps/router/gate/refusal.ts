/** What a request without a pass gets: a navigation is led to the login, everything else is told so. */
import type { Response } from 'express'
import { urlOf, type Config } from '../../shared/config/config.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import { isNavigation } from '../gateway/decide.ts'
import type { GatewayRequest } from '../gateway/request.ts'
import { isRobotsTxt, sendMessage, sendRobotsTxt } from '../gateway/response.ts'
import { messages, type Message } from '../pages/messages.ts'

/** Longer ones do not fit into what the login keeps (access/login-cookie.ts): the preview's first page opens instead. */
const LONGEST_WAY_BACK = 600

/** About a host that stands for a preview. */
export type AtGate = GatewayRequest & { id: PreviewId }

export function refuseAtGate(request: AtGate, config: Pick<Config, 'domain' | 'publicUrl'>, res: Response): unknown {
  const { client, uri } = request
  if (isRobotsTxt(request)) return sendRobotsTxt(res)
  const isVisitor = client.kind === 'person' && isNavigation(client)
  const isInFrame = client.fetchDest === 'iframe' || client.fetchDest === 'frame'
  if (!isVisitor || isInFrame) return sendUnlet(request, messages.passNeeded(request.id), res)
  const back = uri.length > LONGEST_WAY_BACK ? '/' : uri
  const login = new URL('/enter', urlOf(config.domain, config))
  login.search = new URLSearchParams({ at: request.label ?? '', to: back }).toString()
  res.set({ 'Cache-Control': 'no-store', 'X-Robots-Tag': 'noindex', 'Referrer-Policy': 'no-referrer' })
  return res.redirect(303, login.href)
}

export function sendUnlet(request: AtGate, message: Message, res: Response): unknown {
  // A scheme that browsers do not know: they would ask for a name and a password.
  res.set('WWW-Authenticate', 'Lotan-Bypass realm="previews"')
  return sendMessage(message, request.client, res, request)
}
