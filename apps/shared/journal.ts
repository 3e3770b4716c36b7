import fs from 'node:fs'

/**
 * Whether an open file is the systemd journal. The variable alone does not tell: children inherit it whose output goes
 * elsewhere.
 * @param stream JOURNAL_STREAM, `DEVICE:INODE` (systemd.exec(5))
 */
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
