/** Makes and ends what lets people and programs in, for the API and the System page. Each of these is told to the log. */
import { spanOf } from '../../shared/api/span.ts'
import type { TokenToAdd } from '../../shared/api/token.ts'
import type { Actor } from '../../shared/actor.ts'
import { hashOf } from '../../shared/secret.ts'
import type { Session, Token } from '../../shared/store/store.ts'
import type { RouterContext } from '../context.ts'
import { makeToken } from './tokens.ts'

type Needs = Pick<RouterContext, 'store' | 'log'>

export type MadeToken = { token: Token; secret: string } | { problem: 'bad-body' | 'name-taken'; sentence: string }

export function makeNewToken(
  sent: TokenToAdd,
  { who, address }: Actor,
  { store, log }: Needs,
  now = Date.now(),
): MadeToken {
  const until = sent.for ? now + spanOf(sent.for)! : sent.until ? Date.parse(sent.until) : null
  if (until !== null && until <= now) return { problem: 'bad-body', sentence: 'until is over already.' }
  const secret = makeToken()
  const { name, can, match = null } = sent
  const token = { name, can, match, until, created: now }
  if (!store.tokens.add({ ...token, key: hashOf(secret), createdBy: who }))
    return { problem: 'name-taken', sentence: `There is a token ${name}. Remove it, or take another name.` }
  log.info({ who, address, name, can, match, until }, 'token made')
  return { token: { ...token, lastUsed: null }, secret }
}

/** @returns whether there was one */
export function revokeToken(name: string, { who, address }: Actor, { store, log }: Needs): boolean {
  const isGone = store.tokens.remove(name)
  if (isGone) log.info({ who, address, name }, 'token removed')
  return isGone
}

/** @returns undefined where there is none */
export function logOutSession(id: string, { who, address }: Actor, { store, log }: Needs): Session | undefined {
  const ended = store.sessions.end(id)
  if (ended) log.info({ who, address, session: ended.id, user: ended.user }, 'session ended')
  return ended
}
