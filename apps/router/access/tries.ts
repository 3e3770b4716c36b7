/** What a form that was sent too often says: how many tries are left, and when it opens again. */
import type { Request, Response } from 'express'
import type { AugmentedRequest } from 'express-rate-limit'

/** Of its address, in this minute. */
export function triesLeft(req: Request): number {
  return (req as AugmentedRequest).rateLimit?.remaining ?? 0
}

/** Sends it as `Retry-After`, too. @returns seconds, 1 at least */
export function opensIn(req: Request, res: Response, now = Date.now()): number {
  const { resetTime } = (req as AugmentedRequest).rateLimit!
  const seconds = Math.max(1, Math.ceil((resetTime!.getTime() - now) / 1_000))
  res.set('Retry-After', String(seconds))
  return seconds
}
