import { shownTag } from '../../shared/preview/copy-tag.ts'
import type { Request, Response } from 'express'
import { kindOf, type ProblemName } from '../../shared/api/problems.ts'
import type { Config } from '../../shared/config/config.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { WhyNot } from '../../shared/barred.ts'
import { sendProblem } from '../api/conventions/problem.ts'
import type { Message } from '../pages/messages.ts'
import { brandIn } from '../pages/brand.ts'
import { pathOf } from '../pages/preview-path.ts'
import type { Page } from '../pages/views.ts'
import { messagePage, newsPage } from '../pages/visitor-pages.ts'
import { filterName, shortNames } from '../words/preview-names.ts'

/** And hooks and metrics, which no person reads. Not `/api` itself, which is a page. originalUrl, since a router sees only the rest of the path. */
export function isApi({ originalUrl }: Request): boolean {
  return /^\/((api|hooks)\/[^?]|metrics($|\?))/.test(originalUrl)
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

const ALL = { href: '/', name: 'All previews' }

export function sendNotOffered(res: Response, id: PreviewId) {
  const sentence = `The setting ${filterName(splitId(id).repository)} does not let it through.`
  sendMessage(res, { problem: 'not-offered', heading: `${shownTag(id)} is not offered`, sentence, link: ALL })
}

export function sendBarred(res: Response, id: PreviewId, { problem, sentence }: WhyNot) {
  sendMessage(res, {
    problem,
    heading: kindOf(problem).title,
    sentence,
    link: { href: pathOf(id), name: `Go to ${shownTag(id)}` },
  })
}

export function sendNoPreview(res: Response, id: PreviewId) {
  const sentence = 'It was removed, or never asked for. Add it on the admin page to start it.'
  sendMessage(res, { problem: 'no-preview', heading: `There is no preview ${shownTag(id)}`, sentence, link: ALL })
}

export function sendNoTag(res: Response) {
  const sentence = 'An image tag has letters, digits, dots, dashes and underscores.'
  sendMessage(res, { problem: 'not-a-tag', heading: 'That is no container tag', sentence, link: ALL })
}

export function sendNoRepository(res: Response, { repositories }: Pick<Config, 'repositories'>) {
  const sentence = `Here are ${[...shortNames(repositories).values()].join(', ')}.`
  sendMessage(res, { problem: 'no-such-repository', heading: 'There is no such repository', sentence, link: ALL })
}

export function sendNoSpan(res: Response, id: PreviewId) {
  const sentence = 'Write how long: a number of hours, days or weeks, such as 12h, 7d or 4w.'
  sendMessage(res, { problem: 'bad-body', heading: 'That is no span of time', sentence, link: backTo(id) })
}

export function sendNoCopyName(res: Response, id: PreviewId) {
  const sentence = 'It has up to 20 small letters, digits and single dashes, such as anna or bug-12.'
  sendMessage(res, { problem: 'bad-body', heading: 'That is no name for a copy', sentence, link: backTo(id) })
}

export function backTo(id: PreviewId) {
  return { href: pathOf(id), name: `Back to ${shownTag(id)}` }
}
