/** Keeps logs from filling the disk. */
import fs from 'node:fs'
import path from 'node:path'

const MAX_BYTES = 10_000_000
const KEPT = 3

/**
 * Moves the content of every `*.log` that has grown too large to `*.log.1`, and what was there one further.
 *
 * The files are copied and emptied, not renamed: their writers hold them open (in append mode) and need not be told. A
 * line written during the few milliseconds of the copy is lost.
 *
 * @param of the parts whose logs they are; null for all that are there
 */
export function rotateLogs(dir: string, maxBytes = MAX_BYTES, of: readonly string[] | null = null): void {
  const isMeant = (name: string) => !of || of.some((part) => name === `${part}.log` || name.startsWith(`${part}-`))
  for (const name of fs.readdirSync(dir).filter(isMeant)) {
    const file = path.join(dir, name)
    if (!name.endsWith('.log') || fs.statSync(file).size <= maxBytes) continue
    for (let n = KEPT - 1; n >= 1; n--)
      if (fs.existsSync(`${file}.${n}`)) fs.renameSync(`${file}.${n}`, `${file}.${n + 1}`)
    try {
      fs.copyFileSync(file, `${file}.1`)
    } catch {
      // A full disk: room matters more than old lines.
      fs.rmSync(`${file}.1`, { force: true })
    }
    fs.truncateSync(file)
  }
}

/** The last lines of a log, for whoever must be told why something did not work. */
export function lastLines(file: string, lines: number): string[] {
  if (!fs.existsSync(file)) return []
  const text = fs.readFileSync(file, 'utf8')
  return text.trimEnd().split('\n').slice(-lines).filter(Boolean)
}
