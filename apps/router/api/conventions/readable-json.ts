/** JSON that a person opens in a browser has lines; what a program asks for stays as short as it is. */
import type { RequestHandler } from 'express'

/** A navigation wants HTML first of all. Programs, and scripts of pages, say `*` or nothing. */
export function isForPerson({ accept = '' }: { accept?: string | undefined }): boolean {
  return /^text\/html\b/i.test(accept.trim())
}

/** @returns the text of what is sent as JSON to who asks so */
export function jsonText(body: unknown, headers: { accept?: string | undefined }): string {
  return isForPerson(headers) ? `${JSON.stringify(body, null, 2)}\n` : JSON.stringify(body)
}

/** For all of `res.json`. */
export function readableJson(): RequestHandler {
  return (req, res, next) => {
    if (!isForPerson(req.headers)) return next()
    res.json = (body: unknown) => res.type('json').send(jsonText(body, req.headers))
    next()
  }
}
