/** The one log: JSON lines on standard output, a constant message, data in fields. `error` means a person should look. */
import { pino, type Logger } from 'pino'

export type Log = Logger

/** A log for one process. @param part the process's name, as in `ps`: `router` */
export function openLog(part: string, level = 'info'): Log {
  return pino({ base: { part }, level, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ sync: true }))
}
