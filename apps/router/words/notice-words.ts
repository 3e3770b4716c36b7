import { shownTag } from '../../shared/preview/copy-tag.ts'
import type { Notice } from '../../shared/preview/notice.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import { failureWords } from '../../shared/words/failure-words.ts'

export function noticeOf(preview: Preview): string | null {
  return [updateFailed(preview), noticeWords(preview.tag, preview.notices)].filter(Boolean).join(' ') || null
}

export function noticeWords(tag: string, notices: readonly Notice[]): string {
  return notices.map((notice) => wordsOf(tag, notice)).join(' ')
}

function wordsOf(tag: string, notice: Notice): string {
  switch (notice.code) {
    case 'answers-error':
      return `The application answers ${notice.status} at ${notice.path}.`
    case 'curbed':
      return 'It tries to make more processes than it may, without end: it gets little of the processor until it stops that.'
    case 'elsewhere':
      return `It listens on ${portsIn(notice.listens)}, not on port ${notice.port}.`
    case 'no-second-hosts':
      return 'Its services have no hosts of their own here, since slots are ports (LOTAN_SLOT_KIND).'
    case 'update-rejected': {
      const heading = headingWithin(tag, failureWords(tag, notice.reason).heading)
      return `A newer image was pushed, but ${heading}; the one before serves on. ${notice.reason.detail}`
    }
    case 'label':
    case 'text':
      return notice.text
  }
}

function updateFailed({ tag, update }: Preview): string {
  if (!update?.failure) return ''
  const heading = headingWithin(tag, failureWords(tag, update.failure).heading)
  const what = update.digest === null ? 'There may be a newer image' : 'A newer image was pushed'
  return `${what}, but ${heading}; the one before is used. ${update.failure.detail}`
}

/** Of a start that goes on: null where it listens where it should, or nowhere yet. */
export function elsewhereWords({ state, notices }: Preview): string | null {
  const notice = notices.find((notice) => notice.code === 'elsewhere')
  if (!notice || state !== 'starting') return null
  return `It runs, and listens on ${portsIn(notice.listens)}. Lotan waits for its first answer on port ${notice.port}.`
}

/** `port 3000`, `ports 3000, 9229`. */
function portsIn(listens: readonly string[]): string {
  const ports = [...new Set(listens.map((address) => address.slice(address.lastIndexOf(':') + 1)))]
  return `${ports.length > 1 ? 'ports' : 'port'} ${ports.join(', ')}`
}

/** Within a sentence. */
function headingWithin(name: string, heading: string): string {
  const tag = shownTag(name)
  return heading.startsWith(`${tag} `) ? heading : heading[0]!.toLowerCase() + heading.slice(1)
}
