import fs from 'node:fs'

/** Children whose output goes elsewhere inherit the variable too. @param stream JOURNAL_STREAM (systemd.exec(5)) */
export function isJournal(stream: string | undefined, fd: number): boolean {
  if (!stream) return false
  try {
    const { dev, ino } = fs.fstatSync(fd, { bigint: true })
    return stream === `${dev}:${ino}`
  } catch {
    // It is closed.
    return false
  }
}
