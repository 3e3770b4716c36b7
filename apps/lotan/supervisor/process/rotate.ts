import fs from 'node:fs'
import path from 'node:path'

const MAX_BYTES = 10_000_000
const KEPT = 3

/**
 * Copies and truncates, since writers hold the files open (in append mode): a line written during the copy
 * (milliseconds) is lost. @param processes null for all
 */
export function rotateLogs(dir: string, maxBytes = MAX_BYTES, processes: readonly string[] | null = null): void {
  const isMeant = (name: string) =>
    !processes || processes.some((each) => name === `${each}.log` || name.startsWith(`${each}-`))
  for (const name of fs.readdirSync(dir).filter(isMeant)) {
    const file = path.join(dir, name)
    if (!name.endsWith('.log') || fs.statSync(file).size <= maxBytes) continue
    for (let n = KEPT - 1; n >= 1; n--)
      if (fs.existsSync(`${file}.${n}`)) fs.renameSync(`${file}.${n}`, `${file}.${n + 1}`)
    try {
      fs.copyFileSync(file, `${file}.1`)
    } catch {
      // On a full disk space matters more than old lines.
      fs.rmSync(`${file}.1`, { force: true })
    }
    fs.truncateSync(file)
  }
}

export function lastLines(file: string, lines: number): string[] {
  if (!fs.existsSync(file)) return []
  const text = fs.readFileSync(file, 'utf8')
  return text.trimEnd().split('\n').slice(-lines).filter(Boolean)
}
