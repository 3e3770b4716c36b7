/** A stream or a log that is followed goes on for hours: it ends once its session or its token has. */
import type { RequestHandler } from 'express'
import { callerOf } from './caller.ts'

const LOOK_EVERY_MS = 15_000

export function endStreams(everyMs = LOOK_EVERY_MS): RequestHandler {
  return (_req, res, next) => {
    const { isOver } = callerOf(res)
    if (isOver) {
      const timer = setInterval(() => {
        if (isOver()) res.destroy()
      }, everyMs)
      res.on('close', () => clearInterval(timer))
    }
    next()
  }
}
