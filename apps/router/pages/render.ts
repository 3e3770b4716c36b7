/**
 * The views escape everything (tags, paths, reasons and output come from others) but ADMIN_WELCOME and ADMIN_INFO, the
 * operator's own markup. Visitors' pages carry styles and script inline, since a preview's host serves nothing of
 * Lotan's but `/.lotan/`. The sender decides on framing: a waiting page may stand in any frame, as its preview may.
 */
import type { Config } from '../../shared/config/config.ts'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import ejs from 'ejs'
import { kindOf, problemNames, type ProblemName } from '../../shared/api/problems.ts'
import { retryAfter, type Reason } from '../../shared/preview/failure-reason.ts'
import { failureWords } from '../words/failure-words.ts'
import type { PreviewDetail } from './preview-detail.ts'
import type { PreviewList } from './preview-list.ts'
import { isShut, refusedWords, type Wrong } from './tries-words.ts'
import type { SystemView } from './system-view.ts'
import type { StartStatus } from './start-status.ts'
import { duration } from './format.ts'
import type { Message } from './messages.ts'

export interface Page {
  html: string
  csp: string
}

const views = path.resolve(import.meta.dirname, '../../../views')
const read = (name: string) => fs.readFileSync(path.join(views, name), 'utf8')

export const stylesheet = read('lotan.css')
export const script = read('lotan.js')
/** Of one preview's page, and the rules that it has in common with the server. */
export const previewScripts = ['preview.js', 'log-lines.js', 'times.js'].map((name) => ({ name, body: read(name) }))
export const listScript = read('list.js')
export const loginScript = read('login.js')

const critical = squeezed(/\/\* critical:start \*\/(.*)\/\* critical:end \*\//s.exec(stylesheet)![1]!)
  .replace(/\s*([{};,])\s*/g, '$1')
  .replaceAll(': ', ':')
const waitingScript = squeezed(read('waiting.js'))

const compiled = Object.fromEntries(
  [
    ...['waiting', 'failed', 'not-found', 'message', 'problem', 'problems', 'login', 'enter'],
    ...['admin', 'partials/row', 'preview', 'system', 'api'],
  ].map((name) => {
    const filename = path.join(views, `${name}.ejs`)
    return [name, ejs.compile(fs.readFileSync(filename, 'utf8'), { filename, cache: true, rmWhitespace: true })]
  }),
)

export function waitingPage({ told, repository, uri }: { told: StartStatus; repository: string; uri: string }): Page {
  const model = { told, duration, application: nameOf(repository), landing: uri === '/' ? '' : shortened(uri) }
  return forVisitors('waiting', model, waitingScript)
}

export interface FailedModel {
  tag: string
  reason: Reason
  /** When Lotan retries by itself. */
  since: number
  retryAt: number | null
  now: number
}

/** For visitors: without the engine's words and the application's output. */
export function failedPage({ tag, reason, since, retryAt, now }: FailedModel): Page {
  const { heading, sentence, advice, hint } = failureWords(tag, reason)
  // A duration, since the visitor's clock may be in another zone.
  const at = { text: `${duration(now - since)} ago`, datetime: new Date(since).toISOString() }
  const after = reason.after === undefined || reason.after < 1_000 ? '' : `, ${duration(reason.after)} after the start`
  return forVisitors('failed', {
    tag,
    heading,
    sentence,
    advice,
    hint: hintOf(reason, retryAt, now) ?? hint,
    at,
    after,
  })
}

export type NotFoundModel =
  | { why: 'missing'; tag: string; askAgainIn: number }
  /** `label` is null for a host outside of the domain. */
  | { why: 'no-tag'; label: string | null; host: string; domain: string; example: string; transliterate: boolean }
  | { why: 'not-offered'; tag: string }

export function notFoundPage(model: NotFoundModel): Page {
  const askAgain = model.why === 'missing' ? duration(Math.ceil(model.askAgainIn / 1_000) * 1_000) : ''
  const nothing = { tag: '', label: null, host: '', domain: '', example: '', transliterate: true }
  return forVisitors('not-found', { ...nothing, ...model, askAgain })
}

export function messagePage(message: Message): Page {
  return forVisitors('message', { advice: [], link: null, ...message, status: kindOf(message.problem).status })
}

/** News of a login, which is no problem that a program meets. */
export function newsPage(news: Pick<Message, 'heading' | 'sentence' | 'link'> & { status: number }): Page {
  return forVisitors('message', { advice: [], link: null, ...news })
}

/** Without a login: a problem's `type` leads here, also what a preview's visitor was sent. */
export function problemPage(name: ProblemName): Page {
  return forVisitors('problem', { name, ...kindOf(name) })
}

export function problemsPage(): Page {
  return forVisitors('problems', { problems: problemNames.map((name) => ({ name, ...kindOf(name) })) })
}

export interface LoginModel {
  repository: string
  domain: string
  /** Not null where there is a login provider. */
  provider: object | null
  gate: Pick<Config['gate'], 'kind'>
  wrong?: Wrong | undefined
}

export function loginPage({ repository, domain, provider, gate, wrong }: LoginModel): Page {
  const refused = refusedWords('token', wrong)
  return forTheAdmin('login', {
    application: nameOf(repository),
    domain,
    refused,
    isShut: isShut(refused),
    hasProvider: provider !== null,
    isOpen: gate.kind === 'off',
  })
}

export interface EnterModel extends Pick<LoginModel, 'repository' | 'provider'> {
  /** The preview's. */
  host: string
  wrong?: Wrong | undefined
}

export function enterPage({ repository, provider, host, wrong }: EnterModel): Page {
  const refused = refusedWords('password', wrong)
  const shown = { refused, isShut: isShut(refused), hasProvider: provider !== null }
  return forTheAdmin('enter', { application: nameOf(repository), host, ...shown })
}

export function adminPage(list: PreviewList): Page {
  return forTheAdmin('admin', { ...list, written: list.rows })
}

/** What an open page of the list lacks. */
export interface ListNews {
  /** The page without its rows. */
  html: string
  /** The tags of all rows, as they stand. */
  order: string[]
  /** By tag, those that the page does not have in this version. */
  rows: Record<string, string>
}

/** @param have the version of each row that the page has, by its tag */
export function listNews(list: PreviewList, have: Readonly<Record<string, unknown>>): ListNews {
  const lacking = list.rows.filter(({ tag, version }) => !Object.hasOwn(have, tag) || have[tag] !== version)
  return {
    html: forTheAdmin('admin', { ...list, written: [] }).html,
    order: list.rows.map(({ tag }) => tag),
    rows: Object.fromEntries(lacking.map((row) => [row.tag, compiled['partials/row']!({ row })])),
  }
}

export interface ApiModel {
  repository: string
  base: string
  examples: { name: string; says: string; command: string; shown: string }[]
  calls: { method: string; path: string; summary: string }[]
}

export function apiPage(model: ApiModel): Page {
  return forTheAdmin('api', model)
}

export function systemPage(system: SystemView): Page {
  return forTheAdmin('system', { ...system })
}

export function previewPage(preview: PreviewDetail): Page {
  return forTheAdmin('preview', { ...preview })
}

function forVisitors(view: string, model: object, script = ''): Page {
  const nonce = randomBytes(16).toString('base64')
  const html = compiled[view]!({ ...model, nonce, critical, script })
  return { html, csp: policy(`'nonce-${nonce}'`, script ? `'nonce-${nonce}'` : "'none'", 'data:') }
}

function forTheAdmin(view: string, model: object): Page {
  const html = compiled[view]!({ ...model, nonce: null, critical: '' })
  return { html, csp: policy("'self'", "'self'", "'self' data:") }
}

function policy(styles: string, scripts: string, images: string): string {
  return [
    "default-src 'none'",
    `style-src ${styles}`,
    `script-src ${scripts}`,
    `img-src ${images}`,
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
  ].join('; ')
}

/** Undefined leaves the reason's own hint. */
function hintOf(reason: Reason, retryAt: number | null, now: number): string | undefined {
  if (retryAt !== null)
    return `Lotan tries again by itself ${retryAt > now ? `in ${duration(retryAt - now + 999)}` : 'now'}.`
  return retryAfter(reason, 0) === null ? undefined : 'Lotan has stopped trying by itself.'
}

function nameOf(repository: string): string {
  return repository.slice(repository.lastIndexOf('/') + 1)
}

function shortened(uri: string): string {
  return uri.length > 300 ? `${uri.slice(0, 300)}…` : uri
}

/** Smaller: every visitor's page carries it. */
function squeezed(source: string): string {
  return source
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/\s*\n\s*/g, '\n')
    .trim()
}
