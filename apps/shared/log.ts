/** JSON lines on standard output: a constant message, data in fields. `error` means a person should look. */
import { pino, type Logger } from 'pino'
import { currentRequest } from './request-id.ts'

export type Log = Logger

const UNWRITTEN_BYTES = 256 * 1024

/** @param part as in `ps` */
export function openLog(part: string, level = 'info'): Log {
  const out = pino.destination({ sync: true, maxLength: UNWRITTEN_BYTES })
  // A full disk must not end the process. pino keeps this much and writes it once there is room.
  out.on('error', () => {})
  return pino({ base: { part }, level, timestamp: pino.stdTimeFunctions.isoTime, mixin: withRequest }, out)
}

export function withRequest(): { request?: string } {
  const request = currentRequest()
  return request === undefined ? {} : { request }
}
