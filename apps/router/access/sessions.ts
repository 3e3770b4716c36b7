/** Begins, finds and ends sessions: the store has their rows, the browser a secret. */
import { createHmac, randomBytes } from 'node:crypto'
import type { Config } from '../../shared/config/config.ts'
import { hashOf, makeSecret } from '../../shared/secret.ts'
import type { Session, Store } from '../../shared/store/store.ts'
import type { Request } from 'express'
import type { Caller } from './caller.ts'
import { personIn, scopeOf } from './people.ts'
import { LIFE_SECONDS, secretsIn } from './session-cookie.ts'

/** Longer ones are cut: it tells people which browser it was. */
const USER_AGENT_CHARACTERS = 200

export type Sessions = ReturnType<typeof openSessions>

/** What lets each kind of session in. Where that changes, the sessions that the old one let in are over. */
function madeByOf({ adminToken, userHeader, provider, people, gate }: SessionConfig): Record<Session['via'], string> {
  const hash = (...parts: unknown[]) => hashOf(JSON.stringify([...parts, people]))
  return {
    link: createHmac('sha256', adminToken).update('session').digest('base64url'),
    header: hash('header', userHeader),
    oidc: hash('oidc', provider?.issuer, provider?.clientId),
    // With another gate, another at each start: its sessions are over.
    password: hash('password', gate.password ?? randomBytes(32).toString('hex')),
  }
}

/** A session by a proxy's header has no secret: the header finds it, which nginx takes from the proxy alone. */
function keyOf(user: string): string {
  return `header ${user}`
}

type SessionConfig = Pick<Config, 'adminToken' | 'publicUrl' | 'userHeader' | 'provider' | 'people' | 'gate'>
type From = Pick<Request, 'ip' | 'headers'>

export function openSessions(config: SessionConfig, store: Pick<Store, 'sessions'>) {
  const secure = config.publicUrl.protocol === 'https:'
  const madeBy = madeByOf(config)
  const { userHeader, people } = config

  /** The first that is one, of all cookies of the name. */
  const find = (cookie: string | undefined): Session | undefined => {
    const now = Date.now()
    for (const secret of secretsIn(cookie, secure)) {
      const session = store.sessions.find(hashOf(secret), Object.values(madeBy), now)
      if (session) return session
    }
    return undefined
  }

  const findByHeader = (user: string) => store.sessions.find(keyOf(user), [madeBy.header], Date.now())

  const begin = (who: Pick<Session, 'user' | 'via' | 'can'>, key: string, { ip, headers }: From): void => {
    const now = Date.now()
    store.sessions.begin({
      ...who,
      id: randomBytes(6).toString('hex'),
      key,
      madeBy: madeBy[who.via],
      address: ip ?? null,
      userAgent: headers['user-agent']?.slice(0, USER_AGENT_CHARACTERS) ?? null,
      created: now,
      until: now + LIFE_SECONDS * 1_000,
    })
  }

  return {
    /** @returns the secret, for the cookie */
    begin(who: Pick<Session, 'user' | 'via' | 'can'>, from: From): string {
      const secret = makeSecret()
      begin(who, hashOf(secret), from)
      return secret
    },

    find,

    /** Notes the use. */
    callerBy(cookie: string | undefined): Caller | undefined {
      const session = find(cookie)
      if (!session) return undefined
      store.sessions.noteUse(session, Date.now())
      const { id, user: who, can } = session
      const isOver = () => find(cookie)?.id !== id
      return { via: 'session', can, who, session: id, sees: () => true, isOver }
    },

    /** By a trusted proxy's header. Each request has it: one session a person, which is only there to be listed. */
    callerByHeader(req: From): Caller | undefined {
      const person = userHeader === null ? undefined : personIn(req.headers[userHeader])
      const can = person && scopeOf(person, people)
      if (!person?.address || !can) return undefined
      const user = person.address
      const known = findByHeader(user) ?? (begin({ user, via: 'header', can }, keyOf(user), req), findByHeader(user))
      if (!known) return undefined
      store.sessions.noteUse(known, Date.now())
      const isOver = () => findByHeader(user)?.id !== known.id
      return { via: 'session', can, who: user, session: known.id, sees: () => true, isOver }
    },

    /** Those that another admin token has let in, before this start. */
    endOthers: (): number => store.sessions.endOthers(Object.values(madeBy)),
  }
}
