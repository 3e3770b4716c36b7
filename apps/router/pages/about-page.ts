/** The small page about a preview, on its own host: it wakes nothing, and tells only what any visitor may know. */
import { shownTag } from '../../shared/preview/copy-tag.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { Pass } from '../../shared/store/store.ts'
import { generationOf, isPinned, startsAgain, type Preview } from '../../shared/preview/preview.ts'
import { nextDue, type Timeouts } from '../../shared/preview/timeouts.ts'
import type { ServiceRow } from '../../shared/stack/service-state.ts'
import type { KnownChange } from '../../shared/forge/change.ts'
import { changeWords, type ForgeKind } from '../words/change-words.ts'
import { failureWords } from '../../shared/words/failure-words.ts'
import { behindTag, spokenName } from '../words/preview-names.ts'
import { serviceWords } from '../words/service-words.ts'
import type { Brand } from './brand.ts'
import { builtOf } from './built.ts'
import { sourceOfPreview } from './image-source.ts'
import { age, duration } from './format.ts'
import { visitorsView, type Page } from './views.ts'

const view = visitorsView('about', ['about.js'])

export interface AboutModel {
  id: PreviewId
  /** Undefined where nothing was asked for yet. */
  preview: Preview | undefined
  /** The registry was asked for it a moment ago, in vain. */
  isMissing: boolean
  timeouts: Timeouts
  pass: Pass | undefined
  /** That it shows; null where it is of none. */
  change: KnownChange | null
  forge: ForgeKind
  /** Where this is the page of a second host. */
  service?: { name: string; row: ServiceRow | undefined } | null
  /** Of the page about it that asks for a login. */
  details: string
  now: number
}

export function aboutPage(about: AboutModel, brand: Brand): Page {
  const { id, preview, isMissing, timeouts, pass, service, details, now } = about
  const isUp = preview?.state === 'running'
  const model = {
    name: spokenName(id),
    tag: shownTag(splitId(id).tag),
    behind: behindTag(id),
    state: {
      name: preview?.state ?? 'unknown',
      words: preview ? stateWords(preview, timeouts, now) : isMissing ? MISSING : NOT_YET,
    },
    change: changeFacts(about),
    source: preview ? builtOf(preview, now) : null,
    digest: preview ? digestOf(preview) : null,
    service: service ? { name: service.name, words: serviceWords(service.row?.state) } : null,
    facts: [...pinFacts(preview, now), ...passFacts(pass, now)],
    opens: `${isUp ? 'Back to' : 'Open'} ${service?.name ?? 'the preview'}`,
    leaves: pass !== undefined,
    details,
  }
  return view(model, brand)
}

function changeFacts({ change, preview, forge }: AboutModel) {
  return change && changeWords(change, preview ? sourceOfPreview(preview).revision : null, forge)
}

const MISSING = 'here: the registry has no image of that name. Opening it asks again.'
const NOT_YET = 'here: nobody has opened it yet, or it was removed. Opening it asks the registry for it.'

function stateWords(preview: Preview, timeouts: Timeouts, now: number): string {
  const since = now - preview.since
  switch (preview.state) {
    case 'running':
    case 'paused': {
      const due = nextDue(preview, timeouts, now)
      const left = due && (due.at > now ? `in ${roundedSpan(due.at - now)}` : 'now')
      const unless = due?.why === 'lifetime' ? 'even if it is in use' : 'if nobody comes'
      const ends = due ? `, ${due.what === 'pause' ? 'sleeps' : 'stops'} ${left} ${unless}` : ''
      return `for ${age(since)}${ends}`
    }
    case 'queued':
    case 'pulling':
    case 'starting':
      return `for ${duration(since)}; it opens as soon as it answers`
    case 'stopping':
      return startsAgain(preview) ? 'and starts again after that' : 'now; opening it starts it again'
    case 'removing':
      return startsAgain(preview) ? 'and starts again after that' : 'now; opening it fetches it again'
    case 'stopped':
      return `for ${age(since)}; opening it ${preview.image ? 'starts' : 'fetches and starts'} it`
    case 'failed':
      return `${age(since)} ago: ${plain(preview.tag, failureWords(preview.tag, preview.reason).heading)}`
    case 'unknown':
      return NOT_YET
  }
}

/** Above two minutes in whole ones, as lists count. */
function roundedSpan(ms: number): string {
  return ms > 120_000 ? age(ms) : duration(ms)
}

function plain(of: string, heading: string): string {
  const tag = shownTag(of)
  return heading.startsWith(`${tag} `) ? heading.slice(tag.length + 1) : heading[0]!.toLowerCase() + heading.slice(1)
}

function digestOf(preview: Preview): { whole: string; short: string } | null {
  const whole = generationOf(preview)?.digest ?? preview.image?.digest
  return whole ? { whole, short: whole.slice(0, 'sha256:'.length + 12) } : null
}

function pinFacts(preview: Preview | undefined, now: number) {
  if (!preview || !isPinned(preview, now)) return []
  const { until } = preview.pin!
  const text = until === null ? 'it stays up until somebody unpins it' : `it stays up for ${age(until - now)} more`
  return [{ name: 'Pinned', text }]
}

function passFacts(pass: Pass | undefined, now: number) {
  if (!pass) return []
  const left = `for ${age(pass.until - now)} more`
  return [
    pass.session === null
      ? { name: 'Shared', text: `you came by a share link, which opens it ${left}` }
      : { name: 'Pass', text: `your login opens it ${left}` },
  ]
}
