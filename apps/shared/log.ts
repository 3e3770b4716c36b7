/** The one log: JSON lines on standard output, a constant message, data in fields. `error` means a person should look. */
import { pino, type Logger } from 'pino'

export type Log = Logger

/** How much of what cannot be written is kept. */
const UNWRITTEN_BYTES = 256 * 1024

/** A log for one process. @param part the process's name, as in `ps`: `router` */
export function openLog(part: string, level = 'info'): Log {
  const out = pino.destination({ sync: true, maxLength: UNWRITTEN_BYTES })
  // A full disk: what cannot be said must take nobody down. It is written once there is room, as far as it is kept.
  out.on('error', () => {})
  return pino({ base: { part }, level, timestamp: pino.stdTimeFunctions.isoTime }, out)
}
