/** A talk, and the connection that it is led over: another one where a page comes back. */
import { streams } from '../../shared/shell/frames.ts'
import type { SessionEnd } from '../../shared/shell/session-kind.ts'
import type { Talk } from '../sessions/talk.ts'
import { DONE, type Connection } from './connection.ts'
import { feed, pump } from './flow.ts'
import { openTail } from './tail.ts'

/** What is kept of what was said, for a page that comes back. */
export const MOST_KEPT = 256 * 1024

export interface Conversation {
  /** @param seen bytes of its output that this client has read; null: all that went over the connection before it */
  goOnOver: (connection: Connection, seen?: number | null) => void
  /** How it ended; undefined while it goes on. */
  over: () => SessionEnd | undefined
}

/**
 * @param resume what another connection comes back with; null: none does
 * @param left told when its connection broke, before its end, and whether its client meant that
 */
export function openConversation(talk: Talk, resume: string | null, left: (isMeant: boolean) => void): Conversation {
  const { session } = talk
  const tail = resume === null ? undefined : openTail(MOST_KEPT)
  let current: Connection | undefined
  let brokenAt = 0
  /** What its clients were never sent, so that they cannot count it. */
  let lostInAll = 0
  let end: SessionEnd | undefined

  talk.input.on('error', () => {})
  pump(talk.output, (bytes) => {
    session.touch()
    tail?.add(bytes)
    return current?.send(streams.output, bytes)
  })
  if (talk.errors)
    pump(talk.errors, (bytes) => {
      session.touch()
      return current?.send(streams.errors, bytes)
    })
  session.onNotice((line) => current?.say({ type: 'notice', line }))
  void talk.ended.then((how) => {
    end = how
    if (current) finish(current, how)
  })

  function goOnOver(connection: Connection, seen: number | null = null) {
    if (current) {
      current.say({ type: 'notice', line: 'This session goes on in another window.' })
      finish(current, { why: 'closed' })
    }
    current = connection
    connection.say({ type: 'open', session: session.id, resume })
    if (tail) sayAgain(connection, seen === null ? brokenAt : seen + lostInAll)
    if (end) return finish(connection, end)
    connection.closed.addEventListener('abort', () => {
      if (current !== connection) return
      current = undefined
      brokenAt = tail?.said() ?? 0
      if (!end) left(connection.closed.reason === DONE)
    })
    return connection.hear({
      input(bytes) {
        session.touch()
        return feed(talk.input, bytes)
      },
      told(message) {
        if (message.type === 'eof') talk.input.end()
        else if (message.type === 'resize') talk.resize(message)
        else talk.signal(message.name)
      },
    })
  }

  function sayAgain(connection: Connection, from: number) {
    const { bytes, lost } = tail!.since(from)
    lostInAll += lost
    if (lost > 0) connection.say({ type: 'notice', line: `${lost} bytes of what was said meanwhile are not kept.` })
    if (bytes.length > 0) void connection.send(streams.output, bytes)
  }

  return { goOnOver, over: () => end }
}

function finish(connection: Connection, end: SessionEnd) {
  connection.say({ type: 'end', end })
  void connection.close()
}
