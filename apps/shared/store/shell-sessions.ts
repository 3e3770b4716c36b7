/** Who looks inside which preview now. The shell part alone writes these. */
import type { Database } from 'better-sqlite3'
import { idOf, splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'
import type { SessionKind, SessionVia } from '../shell/session-kind.ts'

export interface ShellSession {
  /** Its processes have it in their environment, as LOTAN_SESSION. */
  id: string
  preview: PreviewId
  /** Null: the application. */
  service: string | null
  kind: SessionKind
  /** Its name alone: arguments may hold secrets. */
  program: string | null
  via: SessionVia
  who: string
  address: string | null
  /** The engine's id; null until its preview is awake. */
  container: string | null
  /** Milliseconds since 1970. */
  opened: number
}

/** Perhaps with processes in its container still. */
export interface LeftSession extends ShellSession {
  /** Null: it was open, and no line in the history tells of it. */
  ended: number | null
}

type Row = Omit<LeftSession, 'preview'> & PreviewKey

export function shellSessionRows(db: Database) {
  const insert = db.prepare(`
    INSERT INTO shell_session (id, repository, tag, service, kind, program, via, who, address, container, opened)
    VALUES (@id, @repository, @tag, @service, @kind, @program, @via, @who, @address, @container, @opened)
  `)
  const select = db.prepare<[], Row>('SELECT * FROM shell_session WHERE ended IS NULL ORDER BY opened, id')
  const selectLeft = db.prepare<[], Row>('SELECT * FROM shell_session ORDER BY opened, id')
  const end = db.prepare<[number, string]>('UPDATE shell_session SET ended = ? WHERE id = ?')
  const update = db.prepare<Pick<ShellSession, 'id' | 'container' | 'program' | 'kind'>>(
    'UPDATE shell_session SET container = @container, program = @program, kind = @kind WHERE id = @id',
  )
  const remove = db.prepare<[string]>('DELETE FROM shell_session WHERE id = ?')

  return {
    open: ({ preview, ...session }: ShellSession): void => void insert.run({ ...session, ...splitId(preview) }),
    inside: (id: string, what: Pick<ShellSession, 'container' | 'program' | 'kind'>): void =>
      void update.run({ id, ...what }),
    /** It is not open any more, and what it has begun may not have ended yet. */
    end: (id: string, at: number): void => void end.run(at, id),
    close: (id: string): void => void remove.run(id),
    /** Those that are open, the oldest first. */
    list: (): ShellSession[] => select.all().map(of),
    /** Those that have ended too. */
    left: (): LeftSession[] => selectLeft.all().map(of),
  }
}

function of<T extends PreviewKey>({ repository, tag, ...row }: T): Omit<T, keyof PreviewKey> & { preview: PreviewId } {
  return { ...row, preview: idOf({ repository, tag }) }
}
