import type { Request, Response } from 'express'
import type { Config } from '../../shared/config/config.ts'
import type { Log } from '../../shared/log.ts'
import { isApi, sendError, sendPage } from '../admin/respond.ts'
import { sendProblem } from '../api/conventions/problem.ts'
import { brandIn } from '../pages/brand.ts'
import { loginPage } from '../pages/render.ts'
import { callerOf, type Scope } from './caller.ts'
import { reloadOnce } from './reload-once.ts'

export type Refusals = ReturnType<typeof refusalsOf>

export function refusalsOf({ config, log }: { config: Pick<Config, 'domain' | 'provider' | 'gate'>; log: Log }) {
  return {
    noLogin(req: Request, res: Response) {
      if (isApi(req)) {
        res.set('WWW-Authenticate', 'Bearer realm="lotan"')
        const detail = 'Send a token as "Authorization: Bearer TOKEN", or log in on the admin page.'
        return sendProblem(res, 'login-needed', detail)
      }
      const again = reloadOnce(req)
      if (again !== undefined) res.set('Refresh', `0; url=${again}`)
      return sendPage(res, 401, loginPage(config, brandIn(res)))
    },

    scope(req: Request, res: Response, needs: Scope) {
      log.warn({ who: callerOf(res).who, address: req.ip, path: req.path, needs }, 'a caller lacks the scope')
      const { via, who, can } = callerOf(res)
      const isReader = via === 'session' && can === 'public'
      const known = isReader ? `You are logged in as ${who}, who may open previews. ` : ''
      return sendError(req, res, 'not-allowed', `${known}This needs a login or a token that can ${needs}.`)
    },

    otherSite(req: Request, res: Response) {
      const { origin, 'sec-fetch-site': site } = req.headers
      log.warn({ path: req.path, origin, site }, 'another site asked for a change')
      const sentence = 'Another site asked for this. Changes are made from the admin page, or with the admin token.'
      return sendError(req, res, 'other-site', sentence)
    },

    wrongMethod(req: Request, res: Response, allowed: string) {
      const sentence = isApi(req)
        ? `${req.method} means nothing here. Allowed: ${allowed}.`
        : 'This address does not take requests of this kind.'
      return sendError(req, res.set('Allow', allowed), 'wrong-method', sentence)
    },
  }
}
