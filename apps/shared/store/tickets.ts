/** What lets one request in to look inside a preview. Each is used once, and lasts half a minute. */
import type { Database } from 'better-sqlite3'
import { splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'

export const TICKET_MS = 30_000
/** A program that asks for ever more of them fills no disk. */
const MOST = 10_000

export interface NewTicket {
  /** The hash of its secret. */
  key: string
  preview: PreviewId
  who: string
  address: string | null
  /** Milliseconds since 1970. */
  created: number
}

type Row = PreviewKey & { who: string; address: string | null }

export function ticketRows(db: Database) {
  const insert = db.prepare(`
    INSERT INTO ticket (key, repository, tag, who, address, until)
    VALUES (@key, @repository, @tag, @who, @address, @until)
  `)
  const take = db.prepare<PreviewKey & { key: string; now: number }, Row>(`
    DELETE FROM ticket
    WHERE key = @key AND repository = @repository AND tag = @tag AND until > @now
    RETURNING repository, tag, who, address
  `)
  const removeOver = db.prepare('DELETE FROM ticket WHERE until <= ?')
  const trim = db.prepare(
    `DELETE FROM ticket WHERE key IN (SELECT key FROM ticket ORDER BY until DESC LIMIT -1 OFFSET ${MOST})`,
  )

  const give = db.transaction(({ key, preview, who, address, created }: NewTicket): number => {
    removeOver.run(created)
    const until = created + TICKET_MS
    insert.run({ key, ...splitId(preview), who, address, until })
    trim.run()
    return until
  })

  return {
    /** @returns its end, milliseconds since 1970 */
    give: (ticket: NewTicket): number => give.immediate(ticket),

    /** Uses it up. @returns undefined for one that was used, is over, or is another preview's */
    take(key: string, preview: PreviewId, now: number): { who: string; address: string | null } | undefined {
      const row = take.get({ key, ...splitId(preview), now })
      return row && { who: row.who, address: row.address }
    },
  }
}
