import type { Request, Response } from 'express'
import { kindOf, type ProblemName } from '../../shared/api/problems.ts'
import { sendProblem } from '../api/conventions/problem.ts'
import type { Message } from '../pages/messages.ts'
import { brandIn } from '../pages/brand.ts'
import type { Page } from '../pages/views.ts'
import { messagePage, newsPage } from '../pages/visitor-pages.ts'

/** And the metrics, which no person reads. Not `/api` itself, which is a page. originalUrl, since a router sees only the rest of the path. */
export function isApi({ originalUrl }: Request): boolean {
  return /^\/(api\/[^?]|metrics($|\?))/.test(originalUrl)
}

/** `frame-ancestors`: against clickjacking. */
export function sendPage(res: Response, status: number, { html, csp }: Page) {
  res.status(status).set('Content-Security-Policy', `${csp}; frame-ancestors 'none'`).type('html').send(html)
}

/** Where a redirect will not do. @param to a path of this host */
export function sendOn(res: Response, to: string, status = 200) {
  const link = { href: to, name: 'Go on' }
  res.set('Refresh', `0; url=${to}`)
  const news = { status, heading: 'One moment', sentence: 'You are led on to the preview.', link }
  sendPage(res, status, newsPage(news, brandIn(res)))
}

export function sendMessage(res: Response, message: Message) {
  sendPage(res, kindOf(message.problem).status, messagePage(message, brandIn(res)))
}

export function sendError(req: Request, res: Response, problem: ProblemName, sentence: string) {
  if (isApi(req)) return sendProblem(res, problem, sentence)
  const link = { href: '/', name: 'Go to the admin page' }
  return sendMessage(res, { problem, heading: kindOf(problem).title, sentence, link })
}
