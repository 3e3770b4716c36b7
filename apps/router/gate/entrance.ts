/** `/.lotan/enter` and `/.lotan/leave` of a preview's host: a pass is given there, and ends there. */
import { shownTag } from '../../shared/preview/copy-tag.ts'
import type { Response } from 'express'
import type { Config } from '../../shared/config/config.ts'
import type { Log } from '../../shared/log.ts'
import { logFields, splitId } from '../../shared/preview/preview-id.ts'
import { asPath, isFromHere } from '../access/same-origin.ts'
import { sendProblem } from '../api/conventions/problem.ts'
import { sendPage } from '../gateway/response.ts'
import { messages } from '../pages/messages.ts'
import { brandIn } from '../pages/brand.ts'
import { newsPage } from '../pages/visitor-pages.ts'
import { spokenName } from '../words/preview-names.ts'
import type { Gate } from './gate.ts'
import { passCookie } from './pass-cookie.ts'
import { refuseAtGate, sendUnlet, type AtGate } from './refusal.ts'

interface EntranceContext {
  config: Pick<Config, 'domain' | 'publicUrl'>
  gate: Gate
  log: Log
}

export function openEntrance({ config, gate, log }: EntranceContext) {
  return {
    /** Leads on at once: what was in the address is in no Referer afterwards, and the page is at its own. */
    async enter(request: AtGate, res: Response): Promise<unknown> {
      const { id, client } = request
      res.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer', 'X-Robots-Tag': 'noindex' })
      const query = queryOf(request.uri)
      const asked = localTo(query.get('to'))
      if (!gate.isOn) return res.redirect(303, asked)
      // A chat that looks where a link leads gets no pass.
      if (client.kind === 'robot') return refuseAtGate(request, config, res)

      const share = query.get('share')
      const code = share === null ? gate.codes.take(query.get('code') ?? '', id) : undefined
      const to = code ? localTo(code.to) : asked
      // It is loaded again, or its visitor is in anyway.
      if ((await gate.lets(request)) !== undefined) return res.redirect(303, to)
      const pass = share === null ? code && gate.givePass(id, code) : gate.givePassByShare(id, share)
      if (pass) return res.append('Set-Cookie', passCookie(pass, config.publicUrl)).redirect(303, to)
      return sendUnlet(request, share === null ? messages.codeOver(id) : messages.shareOver(), res)
    },

    leave(request: AtGate, res: Response): unknown {
      const { id, address } = request
      const tag = shownTag(splitId(id).tag)
      const name = spokenName(id)
      if (!isFromHere(request)) return sendProblem(res, 'other-site', 'Another site asked for this.', logFields(id))
      if (gate.endPasses(request.passes, id) > 0) log.info({ ...logFields(id), address }, 'a visitor left')
      const heading = `You have left ${name}`
      const sentence = 'It opens here no more, until you come in again.'
      const link = { href: '/', name: `Open ${name}` }
      res.append('Set-Cookie', passCookie(null, config.publicUrl))
      return sendPage(200, newsPage({ status: 200, tag, heading, sentence, link }, brandIn(res, id)), res)
    },
  }
}

function queryOf(uri: string): URLSearchParams {
  return new URLSearchParams(uri.slice(uri.indexOf('?') + 1))
}

/** A path of this host. */
function localTo(path: string | null): string {
  return path?.startsWith('/') ? asPath(path) : '/'
}
