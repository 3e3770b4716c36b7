/** What a visitor reads of a start that failed: not the engine's words, and not the application's output. */
import { shownTag } from '../../shared/preview/copy-tag.ts'
import { idOf } from '../../shared/preview/preview-id.ts'
import type { In } from '../../shared/preview/preview.ts'
import { retryAfter, type Reason } from '../../shared/preview/failure-reason.ts'
import type { ChangeWords } from '../words/change-words.ts'
import { failureWords } from '../../shared/words/failure-words.ts'
import { behindTag, spokenName } from '../words/preview-names.ts'
import type { Brand } from './brand.ts'
import { builtOf } from './built.ts'
import { duration } from './format.ts'
import { visitorsView, type Page } from './views.ts'

const view = visitorsView('failed', ['failed.js'])

export interface FailedModel {
  preview: In<'failed'>
  /** That it shows; null where it is of none. */
  change: ChangeWords | null
  /** Of the page about it that asks for a login. */
  details: string
  now: number
}

export function failedPage({ preview, change, details, now }: FailedModel, brand: Brand): Page {
  const { tag, reason, since, retryAt } = preview
  const { heading, sentence, advice, hint, next } = failureWords(spokenName(idOf(preview)), reason)
  const after = reason.after === undefined || reason.after < 1_000 ? '' : `, ${duration(reason.after)} after the start`
  const model = {
    heading: parted(heading, { tag: shownTag(tag), behind: behindTag(idOf(preview)) }),
    change,
    source: builtOf(preview, now),
    sentence: unbroken(sentence),
    next,
    // The first advice is for who can mend it.
    advice: unbroken(advice[0]?.what ?? ''),
    retryIn: retryAt === null ? null : Math.max(0, Math.ceil((retryAt - now) / 1_000) * 1_000),
    duration,
    // A duration, since the visitor's clock may be in another zone.
    at: { text: `${duration(now - since)} ago`, datetime: new Date(since).toISOString() },
    after,
    hint: hintOf(reason, retryAt, hint),
    details: { href: details, name: detailsName(reason, next) },
  }
  return view(model, brand)
}

/** What stands before and behind the tag, which is set in another font. */
function parted(heading: string, { tag, behind }: { tag: string; behind: string }) {
  const name = `${tag}${behind}`
  if (heading.startsWith(`${name} `)) return { before: '', tag, behind: heading.slice(tag.length) }
  if (heading.endsWith(` ${name}`)) return { before: heading.slice(0, -name.length), tag, behind }
  return { before: heading, tag: '', behind: '' }
}

/** Numbers stay beside their units. */
function unbroken(text: string): string {
  return text.replace(/(\d) (s|min|kB|MB|GB)\b/g, '$1\u00a0$2')
}

/** What the page counts down to is not said twice. */
function hintOf(reason: Reason, retryAt: number | null, hint: string): string {
  if (retryAt !== null) return ''
  return retryAfter(reason, 0) === null ? hint : 'Lotan has stopped trying by itself.'
}

function detailsName({ code, service }: Reason, next: string): string {
  if (service !== undefined) return `The last lines of ${service}`
  return code !== 'bad-stack' && (next === 'author' || next === 'retry') ? 'Its last lines' : 'The details'
}
