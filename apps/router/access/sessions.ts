/** Begins, finds and ends sessions: the store has their rows, the browser a secret. */
import { createHmac, randomBytes } from 'node:crypto'
import type { Config } from '../../shared/config/config.ts'
import { hashOf, makeSecret } from '../../shared/secret.ts'
import type { Session, Store } from '../../shared/store/store.ts'
import type { Caller } from './caller.ts'
import { LIFE_SECONDS, secretsIn } from './session-cookie.ts'

/** Longer ones are cut: it tells people which browser it was. */
const USER_AGENT_CHARACTERS = 200

export type Sessions = ReturnType<typeof openSessions>

/** What lets each kind of session in. Where that changes, the sessions that the old one let in are over. */
function madeByOf({ adminToken }: Pick<Config, 'adminToken'>): Partial<Record<Session['via'], string>> {
  return { link: createHmac('sha256', adminToken).update('session').digest('base64url') }
}

export function openSessions(config: Pick<Config, 'adminToken' | 'publicUrl'>, store: Pick<Store, 'sessions'>) {
  const secure = config.publicUrl.protocol === 'https:'
  const madeBy = madeByOf(config)

  /** The first that is one, of all cookies of the name. */
  const find = (cookie: string | undefined): Session | undefined => {
    const now = Date.now()
    for (const secret of secretsIn(cookie, secure)) {
      const session = store.sessions.find(hashOf(secret), Object.values(madeBy), now)
      if (session) return session
    }
    return undefined
  }

  return {
    /** @returns the secret, for the cookie */
    begin(
      { user, via, can }: Pick<Session, 'user' | 'via' | 'can'>,
      { address, userAgent }: { address: string | null; userAgent: string | undefined },
    ): string {
      const secret = makeSecret()
      const now = Date.now()
      store.sessions.begin({
        id: randomBytes(6).toString('hex'),
        key: hashOf(secret),
        user,
        via,
        can,
        madeBy: madeBy[via]!,
        address,
        userAgent: userAgent?.slice(0, USER_AGENT_CHARACTERS) ?? null,
        created: now,
        until: now + LIFE_SECONDS * 1_000,
      })
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

    /** Those that another admin token has let in, before this start. */
    endOthers: (): number => store.sessions.endOthers(Object.values(madeBy)),
  }
}
