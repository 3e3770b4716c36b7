/** Up to version 7 notices were words, in one text. */
import type { Database } from 'better-sqlite3'
import type { Notice } from '../../preview/notice.ts'

const CURBED =
  'It tries to make more processes than it may, without end: it gets little of the processor until it stops that.'
const UPDATE = /^(A newer image was pushed|There may be a newer image), but .*?; the one before is used\./s
const ERROR = /The application answers (\d{3}) at (\S+)\.$/

export function bringNoticesForward(db: Database): void {
  const update = db.prepare('UPDATE preview SET notice = @notice WHERE tag = @tag')
  const rows = db
    .prepare<[], { tag: string; notice: string; failure: string | null }>(
      `SELECT tag, notice, newer ->> '$.trouble.detail' AS failure FROM preview WHERE notice IS NOT NULL`,
    )
    .all()
  for (const { tag, notice, failure } of rows) {
    const notices = noticesIn(notice, failure)
    update.run({ tag, notice: notices.length > 0 ? JSON.stringify(notices) : null })
  }
}

/** @param failure why a newer image is not here, in the engine's words; null where the preview knows of none */
function noticesIn(text: string, failure: string | null): Notice[] {
  let rest = text
  if (failure !== null && UPDATE.test(rest)) {
    rest = rest.replace(UPDATE, '').trim()
    if (rest.startsWith(failure.trim())) rest = rest.slice(failure.trim().length)
  }
  const isCurbed = rest.includes(CURBED)
  rest = rest.replace(CURBED, '').trim()
  const [, status, path] = ERROR.exec(rest) ?? []
  rest = rest.replace(ERROR, '').trim()
  return [
    ...(rest ? [{ code: 'text' as const, text: rest }] : []),
    ...(status && path ? [{ code: 'answers-error' as const, status: Number(status), path }] : []),
    ...(isCurbed ? [{ code: 'curbed' as const }] : []),
  ]
}
