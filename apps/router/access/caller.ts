import type { IncomingHttpHeaders } from 'node:http'
import type { Response } from 'express'
import type { Config } from '../../shared/config/config.ts'
import { isToken, provesLogin } from './session-cookie.ts'

/** Each scope includes those before it. */
export const scopes = ['public', 'read', 'run', 'admin'] as const
export type Scope = (typeof scopes)[number]

export interface Caller {
  /** `none`: the request has no credentials, or wrong ones. */
  via: 'token' | 'session' | 'none'
  can: Scope
}

export type ReadCaller = (headers: IncomingHttpHeaders) => Caller

/** A cookie does not make up for a wrong bearer token. */
export function callersOf({ adminToken, publicUrl }: Pick<Config, 'adminToken' | 'publicUrl'>): ReadCaller {
  const secure = publicUrl.protocol === 'https:'
  const stranger: Caller = { via: 'none', can: 'public' }
  return ({ authorization, cookie }) => {
    const bearer = /^bearer +(.*)$/i.exec(authorization ?? '')
    if (bearer) return isToken(bearer[1]!.trim(), adminToken) ? { via: 'token', can: 'admin' } : stranger
    return provesLogin(cookie, adminToken, secure, Date.now()) ? { via: 'session', can: 'admin' } : stranger
  }
}

export function callerOf(res: Response): Caller {
  return (res.locals as { caller: Caller }).caller
}

/** @returns false also for a scope that does not exist */
export function may({ can }: Caller, needs: Scope): boolean {
  return scopes.includes(needs) && scopes.indexOf(can) >= scopes.indexOf(needs)
}
