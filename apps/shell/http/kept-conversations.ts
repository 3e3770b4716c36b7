/** Conversations of pages: each stays for a while after its connection broke, and goes on over another one. */
import type { Size } from '../../shared/engine/engine.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import { hashOf, makeSecret } from '../../shared/secret.ts'
import type { Talk } from '../sessions/talk.ts'
import type { Connection } from './connection.ts'
import { openConversation, type Conversation } from './conversation.ts'

export const KEPT_MS = 30_000

interface Kept {
  preview: PreviewId
  who: string
  talk: Talk
  conversation: Conversation
  timer?: NodeJS.Timeout
}

export function keepConversations(keptMs = KEPT_MS) {
  const kept = new Map<string, Kept>()

  return {
    /** @param left told once nobody has come back, or its page was left */
    begin(talk: Talk, connection: Connection, left: () => void): void {
      const secret = makeSecret()
      const key = hashOf(secret)
      const { preview, actor } = talk.session
      const one: Kept = { preview, who: actor.who, talk, conversation: openConversation(talk, secret, broke) }
      const forget = () => {
        clearTimeout(one.timer)
        kept.delete(key)
      }
      function broke(isMeant: boolean) {
        if (isMeant) {
          kept.delete(key)
          return left()
        }
        one.timer = setTimeout(() => {
          kept.delete(key)
          left()
        }, keptMs).unref()
      }
      kept.set(key, one)
      // One that ends while its page is away tells it how, if it comes back in time.
      void talk.ended.then(() => {
        if (one.timer === undefined) forget()
      })
      one.conversation.goOnOver(connection)
    },

    /** @returns whether there is such a conversation, of this person in this preview */
    resume(
      secret: string,
      { preview, who, size, seen }: Pick<Kept, 'preview' | 'who'> & { size: Size; seen: number | null },
      connection: Connection,
    ): boolean {
      const key = hashOf(secret)
      const one = kept.get(key)
      if (!one || one.preview !== preview || one.who !== who) return false
      clearTimeout(one.timer)
      delete one.timer
      if (one.conversation.over()) kept.delete(key)
      one.talk.resize(size)
      one.conversation.goOnOver(connection, seen)
      return true
    },
  }
}
