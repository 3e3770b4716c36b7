/** `/system`: the installation as a whole, and the sessions and tokens, which are ended and made from here. */
import type { Request, Response } from 'express'
import { tokenToAdd } from '../../shared/api/token.ts'
import { actorOf, callerOf } from '../access/caller.ts'
import { logOutSession, makeNewToken, revokeToken } from '../access/credentials.ts'
import type { Route } from '../access/route.ts'
import type { RouterContext } from '../context.ts'
import { insideNow } from '../inside.ts'
import { brandIn } from '../pages/brand.ts'
import { systemPage } from '../pages/render.ts'
import { systemViewOf, type TokenForm, type ViewFacts } from '../pages/system/view.ts'
import { openSystem, type SystemFacts } from '../system/gather.ts'
import { sendPage } from './respond.ts'

const PATH = '/system'
const needs = 'admin'
/** Every open page asks once a second where much happens. */
const FRESH_MS = 2_000

type Needs = Pick<RouterContext, 'config' | 'store' | 'nudges' | 'reaper' | 'log'>

export function systemPageRoutes(context: Needs): Route[] {
  const { config, store, log } = context
  const gather = openSystem(context)
  let last: { at: number; facts: Promise<SystemFacts> } | undefined
  const form = { type: 'form', limit: 4_096 } as const
  return [
    { method: 'GET', path: PATH, needs, handle: show },
    { method: 'POST', path: '/sessions/:id/end', needs, handle: endSession },
    { method: 'POST', path: '/tokens', needs, body: form, handle: addToken },
    { method: 'POST', path: '/tokens/:name/remove', needs, handle: removeToken },
  ]

  async function show(req: Request, res: Response) {
    return send(200, req, res)
  }

  /** One that is gone already is as ended as any. */
  function endSession(req: Request, res: Response) {
    logOutSession(req.params.id as string, actorOf(res), { store, log })
    return res.redirect(303, `${PATH}#sessions`)
  }

  async function addToken(req: Request, res: Response) {
    const typed = formIn(req)
    const { name, can, match, for: span } = typed
    const { data, error } = tokenToAdd.safeParse({ name, can, match: match || null, for: span || null })
    if (error) return send(400, req, res, { form: { ...typed, problem: error.issues[0]!.message } })
    const made = makeNewToken(data, actorOf(res), { store, log })
    if ('problem' in made) return send(409, req, res, { form: { ...typed, problem: made.sentence } })
    return send(201, req, res, { made: { name, secret: made.secret } })
  }

  function removeToken(req: Request, res: Response) {
    revokeToken(req.params.name as string, actorOf(res), { store, log })
    return res.redirect(303, `${PATH}#tokens`)
  }

  async function send(status: number, req: Request, res: Response, more: Pick<ViewFacts, 'made' | 'form'> = {}) {
    const facts = await recent(req.get('X-Nginx-Version'))
    const sessions = store.sessions.list(Date.now())
    const view = systemViewOf({
      facts,
      config,
      sessions,
      inside: insideNow({ config, store }),
      current: callerOf(res).session,
      tokens: store.tokens.list(),
      ...more,
    })
    return sendPage(res, status, systemPage(view, brandIn(res)))
  }

  function recent(nginxVersion: string | undefined): Promise<SystemFacts> {
    if (!last || performance.now() - last.at >= FRESH_MS) {
      const mine = (last = { at: performance.now(), facts: gather(nginxVersion) })
      mine.facts.catch(() => last === mine && (last = undefined))
    }
    return last.facts
  }
}

function formIn(req: Request): TokenForm {
  const sent = (req.body ?? {}) as Record<string, unknown>
  const text = (name: string) => (typeof sent[name] === 'string' ? sent[name].trim() : '')
  return { name: text('name'), can: text('can'), match: text('match'), for: text('for'), problem: '' }
}
