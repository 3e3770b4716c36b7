import type { Response } from 'express'
import type { Actor } from '../../shared/actor.ts'
import { requestIdOf } from '../request-id.ts'
import { scopes, type Scope } from '../../shared/scope.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'

export { scopes, type Scope }

export interface Caller {
  /**
   * `token`: only the program that has it sends it. `session`: a browser sends it with requests of other sites' pages
   * too. `none`: the request has no credentials, or wrong ones.
   */
  via: 'token' | 'session' | 'none'
  can: Scope
  /** For the audit: `admin` by the admin token, a session's user, `token NAME`. */
  who: string
  /** The id of its session. */
  session?: string
  /** Which previews, and tags that could be some, exist for this caller. */
  sees: (id: PreviewId) => boolean
  /** Whether what let it in has ended since: its streams end with it. */
  isOver?: () => boolean
}

export const stranger: Caller = { via: 'none', can: 'public', who: 'visitor', sees: () => true }

export function actorOf(res: Response): Actor {
  return { who: callerOf(res).who, address: res.req.ip ?? null, request: requestIdOf(res) }
}

export function callerOf(res: Response): Caller {
  return (res.locals as { caller: Caller }).caller
}

/** @returns false also for a scope that does not exist */
export function may({ can }: Pick<Caller, 'can'>, needs: Scope): boolean {
  return scopes.includes(needs) && scopes.indexOf(can) >= scopes.indexOf(needs)
}
