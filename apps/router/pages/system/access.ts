/** Who and what is let in: sessions of people, tokens of programs. */
import { shownTag } from '../../../shared/preview/copy-tag.ts'
import type { Session, ShellSession, Token } from '../../../shared/store/store.ts'
import { openSessionWords, viaWords } from '../../words/session-words.ts'
import { age, ago, duration } from '../format.ts'
import { pathOf } from '../preview-path.ts'

/** All who know the gate's password have a session each. The API lists all. */
const MOST_SESSIONS = 50

export interface SessionRow {
  id: string
  who: string
  may: string
  from: string
  title: string
  current: boolean
}

export function sessionsOf(sessions: readonly Session[], current: string | undefined, now: number) {
  const own = sessions.filter(({ id }) => id === current)
  const others = sessions.filter(({ id }) => id !== current)
  return {
    count: sessions.length,
    rows: [...own, ...others]
      .slice(0, MOST_SESSIONS)
      .map((session) => sessionRow(session, session.id === current, now)),
    more: Math.max(0, sessions.length - MOST_SESSIONS),
  }
}

export function insideOf(inside: readonly ShellSession[], now: number) {
  return inside.map((session) => ({
    who: session.who,
    preview: shownTag(session.preview),
    path: pathOf(session.preview),
    does: openSessionWords(session),
    from: [viaWords[session.via], session.address ?? '', `for ${age(now - session.opened)}`].filter(Boolean).join(', '),
  }))
}

function sessionRow(session: Session, current: boolean, now: number): SessionRow {
  const { id, user, via, can, address, userAgent, lastUsed, created } = session
  const from = [current ? 'this one' : '', programOf(userAgent), address ?? '', ago(now - lastUsed)]
  return {
    id,
    who: user,
    may: can === 'public' ? 'open previews' : can,
    from: from.filter(Boolean).join(', '),
    title: `${ways[via]}, ${ago(now - created)}${userAgent === null ? '' : `: ${userAgent}`}`,
    current,
  }
}

const ways: Record<Session['via'], string> = {
  link: 'with the admin token',
  header: 'by the proxy’s header',
  oidc: 'by the login provider',
  password: 'with the password of the previews',
}

/** Most browsers call themselves several others too: the first that fits is it. */
function programOf(userAgent: string | null): string {
  const known = ['Firefox', 'Edg', 'OPR', 'Chrome', 'Chromium', 'Safari']
  const names: Record<string, string> = { Edg: 'Edge', OPR: 'Opera', Chromium: 'Chrome' }
  const found = known.find((name) => userAgent?.includes(`${name}/`))
  if (found) return names[found] ?? found
  return userAgent?.split(/[/\s(]/)[0]?.slice(0, 20) ?? ''
}

export interface TokenRow {
  name: string
  path: string
  may: string
  match: string | null
  ends: string
  isOver: boolean
}

export function tokensOf(tokens: readonly Token[], now: number): TokenRow[] {
  return tokens.map(({ name, can, match, until, lastUsed }) => {
    const isOver = until !== null && until <= now
    const ends =
      until === null ? 'no end' : isOver ? `ended ${age(now - until)} ago` : `ends in ${duration(until - now)}`
    const used = lastUsed === null ? 'never used' : `used ${ago(now - lastUsed)}`
    return {
      name,
      path: `/tokens/${encodeURIComponent(name)}/remove`,
      may: can,
      match,
      ends: `${ends}, ${used}`,
      isOver,
    }
  })
}
