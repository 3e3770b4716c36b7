/** Who is inside now: so many at once, ended when they say nothing, warned before a stop, and each a line of the audit. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Actor } from '../../shared/actor.ts'
import type { App } from '../../shared/app.ts'
import { shownTag } from '../../shared/preview/copy-tag.ts'
import { logFields, type PreviewId } from '../../shared/preview/preview-id.ts'
import { duesOf } from '../../shared/preview/timeouts.ts'
import type { SessionEnd, SessionKind, SessionVia } from '../../shared/shell/session-kind.ts'
import { isDamage } from '../../shared/store/store.ts'
import { NoEntry } from '../no-entry.ts'

export const MOST_SESSIONS = 100
/** Each write of the database wakes who waits for one. */
const NOTE_EVERY_MS = 4_000
const WARN_MS = 60_000
const LOOK_MS = 1_000
const LEAVING_LOOK_MS = 50

export interface Asked {
  preview: PreviewId
  service: string | null
  kind: SessionKind
  /** The name of its program alone: arguments may hold secrets. */
  program: string | null
  via: SessionVia
  actor: Actor
}

export interface Session extends Asked {
  id: string
  /** Milliseconds since 1970. */
  opened: number
  /** Aborted once it is to end; the reason is a SessionEnd. */
  signal: AbortSignal
  /** Bytes went either way: its preview is in use. */
  touch: () => void
  /** What it is in. */
  inside: (container: string, program?: string | null, kind?: SessionKind) => void
  /** Told lines that whoever is inside should read. */
  onNotice: (tell: (line: string) => void) => void
  /** Once: later ones are ignored. */
  end: (end: SessionEnd) => void
}

interface Open {
  session: Session
  ending: AbortController
  container: string | null
  tell: (line: string) => void
  lastByte: number
  noted: number
  /** The stop that it was warned of. */
  warnedOf: number | null
}

export type Sessions = ReturnType<typeof openSessions>

export function openSessions({ config, store, nudges, log }: Pick<App, 'config' | 'store' | 'nudges' | 'log'>) {
  const open = new Map<string, Open>()
  const idleAfter = config.shell?.idle ?? Infinity
  /** Of those that have ended, the container where what they began may not have. */
  const leaving = new Map<string, string>()
  const unwritten: (() => void)[] = []
  let timer: NodeJS.Timeout | undefined

  /** While there is no session nothing wakes this process. */
  function watch() {
    timer ??= setInterval(look, LOOK_MS).unref()
  }

  function look() {
    while (unwritten.length > 0 && isWritten(unwritten[0]!)) unwritten.shift()
    if (open.size === 0 && unwritten.length === 0) {
      clearInterval(timer)
      timer = undefined
    }
    const now = Date.now()
    for (const one of open.values()) {
      if (now - one.lastByte > idleAfter) one.session.end({ why: 'idle' })
      else warn(one, now)
    }
  }

  function warn(one: Open, now: number) {
    const { preview: id } = one.session
    const preview = store.get(id)
    if (!preview) return
    const stop = duesOf(preview, config).find(({ what }) => what === 'stop')
    if (!stop || stop.at - now > WARN_MS || one.warnedOf === stop.at || preview.state === 'stopping') return
    one.warnedOf = stop.at
    const seconds = Math.max(0, Math.round((stop.at - now) / 1_000))
    one.tell(`${shownTag(id)} is stopped in ${seconds} s, unless you press a key.`)
  }

  function touch(one: Open) {
    const now = Date.now()
    one.lastByte = now
    if (now - one.noted < NOTE_EVERY_MS && now >= one.noted) return
    one.noted = now
    const { preview: id, actor } = one.session
    isWritten(() => {
      store.touch([[id, now]])
      // It fell asleep, and its session goes on.
      if (store.get(id)?.state !== 'paused') return
      const woken = store.apply(id, { type: 'start', by: 'shell' }, now, actor)
      if (woken) void nudges.nudge(woken).catch(() => {})
    })
  }

  /** A database that is locked, or cannot be written, ends no session. */
  function isWritten(write: () => void): boolean {
    try {
      write()
      return true
    } catch (error) {
      if (isDamage(error)) throw error
      log.warn({ error: (error as Error).message }, 'what a session does cannot be noted yet')
      return false
    }
  }

  function writeNowOrLater(write: () => void) {
    if (unwritten.length === 0 && isWritten(write)) return
    unwritten.push(write)
    watch()
  }

  function close(one: Open, end: SessionEnd) {
    const { id, preview, kind, service, actor, opened, via } = one.session
    if (!open.delete(id)) return
    const { program } = one.session
    const now = Date.now()
    const seconds = Math.max(0, Math.round((now - opened) / 1_000))
    const mayLeave = one.container !== null && (kind === 'shell' || kind === 'exec') && end.why !== 'exited'
    if (mayLeave) leaving.set(id, one.container!)
    writeNowOrLater(() => store.noteDone(preview, { type: 'session', kind, service, program, end, seconds }, now, actor)) // prettier-ignore
    writeNowOrLater(() => (mayLeave ? store.shellSessions.end(id, now) : store.shellSessions.close(id)))
    const { who, address } = actor
    log.info({ ...logFields(preview), session: id, kind, service, program, via, who, address, ...end, seconds }, 'session ended') // prettier-ignore
    one.ending.abort(end)
  }

  return {
    /** @throws NoEntry where there are as many as may be */
    open(asked: Asked): Session {
      if (open.size >= MOST_SESSIONS)
        throw new NoEntry('too-many-sessions', `${MOST_SESSIONS} sessions are open, which is as many as there may be.`)
      const ending = new AbortController()
      const now = Date.now()
      const session: Session = {
        ...asked,
        id: randomBytes(16).toString('hex'),
        opened: now,
        signal: ending.signal,
        touch: () => touch(one),
        inside(container, program = session.program, kind = session.kind) {
          if (one.container === container && session.program === program && session.kind === kind) return
          one.container = container
          Object.assign(session, { program, kind })
          store.shellSessions.inside(session.id, { container, program, kind })
        },
        onNotice: (tell) => void (one.tell = tell),
        end: (end) => close(one, end),
      }
      const one: Open = { session, ending, container: null, tell: () => {}, lastByte: now, noted: 0, warnedOf: null }
      const { preview, service, kind, program, via, actor } = asked
      const { who, address } = actor
      store.shellSessions.open({ id: session.id, preview, service, kind, program, via, who, address, container: null, opened: now }) // prettier-ignore
      open.set(session.id, one)
      watch()
      log.info(
        { ...logFields(preview), session: session.id, kind, service, program, via, who, address },
        'session opened',
      )
      return session
    },

    /** Nothing that it began is left in its container. */
    cleared(id: string): void {
      if (leaving.delete(id)) writeNowOrLater(() => store.shellSessions.close(id))
    },

    /** Whether a session is in this container, or what one began may be. */
    isInside: (container: string): boolean =>
      [...open.values()].some((one) => one.container === container) || [...leaving.values()].includes(container),

    find: (id: string): Session | undefined => open.get(id)?.session,

    /** @returns once nothing of them is left in any container */
    async endAll(end: SessionEnd): Promise<void> {
      for (const { session } of [...open.values()]) session.end(end)
      while (leaving.size > 0) await sleep(LEAVING_LOOK_MS)
      clearInterval(timer)
    },
  }
}
