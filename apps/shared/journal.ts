/** The systemd journal. */
import fs from 'node:fs'

/**
 * Whether an open file leads to the journal. A variable alone does not tell: it is inherited by what writes elsewhere.
 *
 * @param stream JOURNAL_STREAM, which is `DEVICE:INODE` (systemd.exec(5))
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
