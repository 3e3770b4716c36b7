/** What visitors of previews see in place of the application, and the pages that need no login. */
import { shownTag } from '../../shared/preview/copy-tag.ts'
import { kindOf, problemNames, type ProblemName } from '../../shared/api/problems.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { ChangeWords } from '../words/change-words.ts'
import { behindTag, spokenName } from '../words/preview-names.ts'
import type { Brand } from './brand.ts'
import { duration } from './format.ts'
import type { Message } from './messages.ts'
import type { StartStatus } from './start/status.ts'
import { barAt } from './start/way.ts'
import { visitorsView, type Page } from './views.ts'

const views = {
  waiting: visitorsView('waiting', ['waiting.js']),
  missing: visitorsView('missing', ['missing.js']),
  noTag: visitorsView('no-tag'),
  notOffered: visitorsView('not-offered'),
  wayIn: visitorsView('way-in'),
  message: visitorsView('message'),
  problem: visitorsView('problem'),
  problems: visitorsView('problems'),
}

/** @param model.change that it shows; null where it is of none @param model.service where this is its second host */
export function waitingPage(
  {
    told,
    uri,
    service = null,
    change,
  }: { told: StartStatus; uri: string; service?: string | null; change: ChangeWords | null },
  brand: Brand,
): Page {
  const landing = uri === '/' ? '' : shortened(uri)
  return views.waiting({ told, change, duration, landing, service, ...shownAt(told) }, brand)
}

/** As its script has it from the first event on. */
function shownAt(told: StartStatus) {
  const bar = barAt(told, told.soFar)
  const isSlow = told.slowAt !== null && told.soFar > told.slowAt
  const words = isSlow ? 'Slower than usual' : bar === null || told.over ? told.title : `${bar}\u00a0%`
  return { bar, isSlow, title: `${words} · ${told.name}` }
}

/** A preview that the visitor may open: the name of its tag, and where it lives. */
export interface NearTag {
  tag: string
  href: string
}

export interface MissingModel {
  id: PreviewId
  /** Milliseconds. */
  askAgainIn: number
  near: NearTag[]
}

export function missingPage({ id, askAgainIn, near }: MissingModel, brand: Brand): Page {
  const askAgain = Math.ceil(askAgainIn / 1_000) * 1_000
  return views.missing({ ...namesOf(id), near, askAgain, duration }, brand)
}

export interface NoTagModel {
  /** Null for a host outside of the domain. */
  label: string | null
  host: string
  why: { sentence: string; typed: string }
  domain: string
  /** `TAG.NAME.previews.example.com`; none where no repository has a name. */
  forms: string[]
  example: string
  transliterate: boolean
  near: NearTag[]
}

export function noTagPage(model: NoTagModel, brand: Brand): Page {
  return views.noTag(model, brand)
}

export function notOfferedPage({ id, near }: { id: PreviewId; near: NearTag[] }, brand: Brand): Page {
  return views.notOffered({ ...namesOf(id), near }, brand)
}

export interface WayInModel {
  id: PreviewId
  /** What to type; null where SSH is off. */
  command: string | null
  /** Of the terminal in the browser; null where there is no way in. */
  terminal: string | null
}

export function wayInPage({ id, command, terminal }: WayInModel, brand: Brand): Page {
  return views.wayIn({ ...namesOf(id), command, terminal }, brand)
}

export function messagePage(message: Message, brand: Brand): Page {
  const { status } = kindOf(message.problem)
  return views.message({ advice: [], link: null, tag: null, ...message, status }, brand)
}

/** News of a login, which is no problem that a program meets. */
export function newsPage(
  news: Pick<Message, 'heading' | 'sentence' | 'link' | 'tag'> & { status: number },
  brand: Brand,
): Page {
  return views.message({ advice: [], link: null, tag: null, ...news }, brand)
}

/** Without a login: a problem's `type` leads here, also what a preview's visitor was sent. */
export function problemPage(name: ProblemName, brand: Brand): Page {
  return views.problem({ name, ...kindOf(name) }, brand)
}

export function problemsPage(brand: Brand): Page {
  return views.problems({ problems: problemNames.map((name) => ({ name, ...kindOf(name) })) }, brand)
}

/** `name` in a text, `tag` and what stands `behind` it in a heading. */
function namesOf(id: PreviewId): { name: string; tag: string; behind: string } {
  return { name: spokenName(id), tag: shownTag(splitId(id).tag), behind: behindTag(id) }
}

function shortened(uri: string): string {
  return uri.length > 300 ? `${uri.slice(0, 300)}…` : uri
}
