import type { Request, Response } from 'express'
import { sendProblem } from '../api/problem.ts'
import { messagePage, type Page } from '../pages/render.ts'

/** originalUrl, since a router sees only the rest of the path. */
export function isApi({ originalUrl }: Request): boolean {
  return /^\/api(\/|\?|$)/.test(originalUrl)
}

/** `frame-ancestors`: against clickjacking. */
export function sendPage(res: Response, status: number, { html, csp }: Page) {
  res.status(status).set('Content-Security-Policy', `${csp}; frame-ancestors 'none'`).type('html').send(html)
}

export function sendMessage(res: Response, status: number, heading: string, sentence: string) {
  const link = { href: '/', name: 'Go to the admin page' }
  sendPage(res, status, messagePage({ status, heading, sentence, link }))
}

/** @param heading of the page; a problem has the status's own title */
export function sendError(req: Request, res: Response, status: number, heading: string, sentence: string) {
  return isApi(req) ? sendProblem(res, status, sentence) : sendMessage(res, status, heading, sentence)
}
