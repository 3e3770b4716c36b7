/** Who makes a request: by its bearer token, else by its cookie, else by the header of a trusted proxy. */
import type { Request } from 'express'
import { urlOf, type Config } from '../../shared/config/config.ts'
import type { Log } from '../../shared/log.ts'
import { isSame } from '../../shared/secret.ts'
import type { Store } from '../../shared/store/store.ts'
import { stranger, type Caller } from './caller.ts'
import { noteFailedLogins } from './failed-logins.ts'
import { openSessions } from './sessions.ts'
import { openTrustedJobs } from './trusted-jobs.ts'
import { callerByToken } from './tokens.ts'

export type ReadCaller = (req: Request) => Caller | Promise<Caller>

/** A cookie does not make up for a wrong bearer token. */
export function callersOf({
  config,
  store,
  log,
}: {
  config: Pick<
    Config,
    'adminToken' | 'domain' | 'publicUrl' | 'userHeader' | 'provider' | 'people' | 'trustedJobs' | 'forge' | 'gate'
  >
  store: Pick<Store, 'sessions' | 'tokens'>
  log: Log
}): ReadCaller {
  const sessions = openSessions(config, store)
  const callerByJob = openTrustedJobs(config, urlOf(config.domain, config))
  const noteFailed = noteFailedLogins(log)
  return async (req) => {
    const { authorization, cookie } = req.headers
    const bearer = /^bearer +(.*)$/i.exec(authorization ?? '')?.[1]?.trim()
    if (bearer !== undefined) {
      const caller = isSame(bearer, config.adminToken)
        ? admin
        : (callerByToken(bearer, store) ?? (await callerByJob(bearer)))
      if (!caller) noteFailed(req.ip, 'bearer')
      return caller ?? stranger
    }
    return sessions.callerBy(cookie) ?? sessions.callerByHeader(req) ?? stranger
  }
}

const admin: Caller = { via: 'token', can: 'admin', who: 'admin', sees: () => true }
