/** Wrong keys: the more of them come from an address within a minute, the longer each is answered. */
import { isIPv6 } from 'node:net'
import type { Log } from '../../shared/log.ts'

/** An agent may offer some that are for other servers. */
const FREE_A_MINUTE = 12
const FIRST_DELAY_MS = 250
const MOST_DELAY_MS = 8_000
const LINES_A_MINUTE = 5
/** Of all addresses together. */
const MOST_LINES_A_MINUTE = 100

export type WrongKeys = ReturnType<typeof watchWrongKeys>

export function watchWrongKeys(log: Log, now: () => number = Date.now) {
  let began = 0
  let lines = 0
  const lately = new Map<string, { keys: number; lines: number }>()

  function of(address: string) {
    if (Math.abs(now() - began) >= 60_000) {
      began = now()
      lines = 0
      lately.clear()
    }
    const from = networkOf(address)
    const one = lately.get(from) ?? { keys: 0, lines: 0 }
    lately.set(from, one)
    return one
  }

  return {
    /** @returns milliseconds to wait before it is answered */
    note(address: string): number {
      const over = ++of(address).keys - FREE_A_MINUTE
      return over <= 0 ? 0 : Math.min(MOST_DELAY_MS, FIRST_DELAY_MS * 2 ** (over - 1))
    },

    /** A connection has ended that had no right key. */
    left(address: string, told: { user: string; keys: string[] }): void {
      const one = of(address)
      if (lines >= MOST_LINES_A_MINUTE || one.lines > LINES_A_MINUTE) return
      lines++
      one.lines++
      if (one.lines <= LINES_A_MINUTE) log.warn({ who: 'visitor', address, via: 'ssh', ...told }, 'wrong key')
      else log.warn({ who: 'visitor', address, via: 'ssh' }, 'many wrong keys: no more lines of them in this minute')
    },
  }
}

/** What one customer of a provider has: an IPv4 address, or the first 64 bits of an IPv6 one. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address
  const [head = '', tail = ''] = address.replace(/%.*$/, '').split('::')
  const [before, after] = [head, tail].map((part) => part.split(':').filter(Boolean)) as [string[], string[]]
  const zeros = address.includes('::') ? Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0') : []
  return [...before, ...zeros, ...after].slice(0, 4).map((part) => part.toLowerCase().replace(/^0+(?=.)/, '')).join(':') // prettier-ignore
}
