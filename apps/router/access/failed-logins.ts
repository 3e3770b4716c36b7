/** One log line for each failed login, until an address has so many a minute: a flood must not fill the disk. */
import { ipKeyGenerator } from 'express-rate-limit'
import type { Log } from '../../shared/log.ts'

const LINES_A_MINUTE = 5
/** Of all addresses together. */
const MOST_LINES_A_MINUTE = 100

export type FailedLogins = ReturnType<typeof noteFailedLogins>

export function noteFailedLogins(log: Log, now: () => number = Date.now) {
  let began = 0
  let lines = 0
  const lately = new Map<string, number>()

  return function note(
    address: string | undefined,
    via: 'form' | 'link' | 'bearer' | 'bypass' | 'password' | 'hook',
  ): void {
    if (Math.abs(now() - began) >= 60_000) {
      began = now()
      lines = 0
      lately.clear()
    }
    if (lines >= MOST_LINES_A_MINUTE) return
    const from = ipKeyGenerator(address ?? 'unknown')
    const count = (lately.get(from) ?? 0) + 1
    lately.set(from, count)
    if (count > LINES_A_MINUTE + 1) return
    lines++
    if (count <= LINES_A_MINUTE) log.warn({ who: 'visitor', address, via }, 'wrong token')
    else log.warn({ who: 'visitor', address }, 'many wrong tokens: no more lines of them in this minute')
  }
}
