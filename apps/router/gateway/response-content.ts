import { isCopy } from '../../shared/preview/copy-tag.ts'
import { urlOf, type Config } from '../../shared/config/config.ts'
import { failureWords } from '../../shared/words/failure-words.ts'
import type { Store } from '../../shared/store/store.ts'
import { hostOf } from '../../shared/tag.ts'
import { asVisitorsSee } from '../../shared/preview/preview.ts'
import { openChanges } from '../changes/open-changes.ts'
import { changeWords, type ChangeWords } from '../words/change-words.ts'
import type { GatewayRequest } from './request.ts'
import type { Decision } from './decide.ts'
import { messages } from '../pages/messages.ts'
import type { NearTags } from '../near/near-tags.ts'
import type { Brand } from '../pages/brand.ts'
import { failedPage } from '../pages/failed-page.ts'
import { missingPage, noTagPage, notOfferedPage, waitingPage } from '../pages/visitor-pages.ts'
import { fullOf } from '../words/full-words.ts'
import { besideOf } from '../services/beside.ts'
import { startStatusOf } from '../pages/start/status.ts'
import { idOf, type PreviewId } from '../../shared/preview/preview-id.ts'
import { pathOf } from '../pages/preview-path.ts'
import { spokenName } from '../words/preview-names.ts'
import { barredContent } from './barred-content.ts'
import { fromMessage, type Content } from './content.ts'
import { formsOfHosts, whyNoTag } from './no-tag.ts'
import { wayInContent } from './way-in-content.ts'
import { deafContent, noServiceContent, serviceDownContent } from './service-content.ts'

export interface Exchange {
  request: GatewayRequest
  decision: Decision
  config: Pick<
    Config,
    | 'domain'
    | 'transliterate'
    | 'hostForm'
    | 'repositories'
    | 'publicUrl'
    | 'maxRunning'
    | 'forge'
    | 'pairFallback'
    | 'offers'
    | 'stackText'
    | 'stackImages'
    | 'shell'
  >
  near: NearTags
  store: Pick<
    Store,
    'get' | 'list' | 'ahead' | 'places' | 'facts' | 'missing' | 'lately' | 'isOffered' | 'changes' | 'services'
  >
}

export function contentOf({ request, decision, config, near, store }: Exchange, now: number): Content {
  const id = request.id ?? ''
  const name = spokenName(id)
  const second = request.service === null ? null : { id, service: request.service }
  if (second && request.verdict === 'deaf') return deafContent(second, { config, store })
  const verdict = verdictOf(request, id)
  if (verdict) return verdict

  if (decision.do === 'refuse' && decision.why === 'no-tag') {
    const heading = 'No container tag'
    const why = whyNoTag(request, config)
    const { label, host } = request
    const { domain, transliterate } = config
    const example = hostOf(idOf({ repository: config.repositories[0]!.name, tag: 'pr-3001' }), config)
    const forms = formsOfHosts(config)
    return {
      problem: 'no-tag',
      heading,
      sentence: why.sentence,
      page: (brand) =>
        noTagPage({ label, host, why, domain, forms, example, transliterate, near: near(request) }, brand),
    }
  }
  if (decision.do === 'refuse' && decision.why === 'not-offered')
    return {
      problem: 'not-offered',
      heading: 'This tag is not offered',
      sentence: `Not every tag has a preview here, and ${name} has none.`,
      page: (brand) => notOfferedPage({ id, near: near(request) }, brand),
    }
  if (decision.do === 'refuse' && decision.why === 'barred')
    return barredContent(id, decision.standing, { config, store, details: detailsOf(id, config) })
  if (decision.do === 'refuse' && decision.why === 'missing' && isCopy(id))
    return {
      ...fromMessage(messages.noCopy(id)),
      retryAfter: Math.ceil(Math.max(0, decision.until - now) / 1_000),
    }
  if (decision.do === 'refuse' && decision.why === 'missing') {
    const askAgainIn = Math.max(0, decision.until - now)
    return {
      problem: 'no-such-tag',
      heading: 'No such container tag',
      sentence: `The registry has no image tagged ${name}.`,
      retryAfter: Math.ceil(askAgainIn / 1_000),
      page: (brand) => missingPage({ id, askAgainIn, near: near(request) }, brand),
    }
  }
  if (decision.do === 'refuse' && decision.why === 'failed') {
    const { preview } = decision
    const { reason } = preview
    const { heading, sentence } = failureWords(name, reason)
    const change = changeOf(id, { config, store })
    const page = (brand: Brand) => failedPage({ preview, change, details: detailsOf(id, config), now }, brand)
    return { problem: 'preview-failed', heading, sentence, reason: reason.code, page }
  }
  if (second && decision.do === 'refuse' && decision.why === 'no-service')
    return noServiceContent(second, decision.where, config)
  if (decision.do === 'refuse' && decision.why === 'way-in') return wayInContent(id, config, detailsOf(id, config))
  const isServiceDown =
    decision.do === 'refuse' ? decision.why === 'service-down' : decision.do === 'wait' && decision.isServiceDown
  if (second && isServiceDown) return serviceDownContent(second, { config, store }, now)
  if (decision.do === 'refuse' && decision.why === 'comes-back')
    return {
      ...fromMessage({
        problem: 'asleep',
        heading: `${name} is asleep`,
        sentence:
          'This connection was open when the preview fell asleep, so it does not wake it. Opening a page, or any other request, does.',
      }),
      retryAfter: 10,
    }
  if (decision.do === 'refuse' && decision.why === 'unvisited')
    return {
      ...fromMessage({
        problem: 'asleep',
        heading: `${name} is asleep`,
        sentence:
          'Another preview called it, and nobody visits that one now: so the call does not wake it. A visit of either does.',
      }),
      retryAfter: 10,
    }
  if (decision.do === 'refuse')
    return fromMessage({
      problem: 'asleep',
      heading: `${name} is asleep`,
      sentence: 'It wakes for people and programs, not for robots, prefetches and probes.',
    })

  const preview = asVisitorsSee(store.get(id))
  const missing = !preview && store.missing(id, now) !== undefined
  const ahead = preview?.state === 'queued' ? store.ahead(preview, now) : 0
  const full = preview?.state === 'queued' ? fullOf(store, config, now) : null
  const beside = besideOf(id, preview, { store, config })
  const told = startStatusOf(preview, {
    ...{ id, beside, ahead, full, missing, standing: 'free', recentDurations: store.lately(), now },
  })
  return {
    problem: 'starting',
    heading: told.heading.join(told.tag),
    sentence: told.status,
    retryAfter: 2,
    page: (brand) =>
      waitingPage({ told, uri: request.uri, service: request.service, change: changeOf(id, { config, store }) }, brand),
  }
}

/** Visitors read what it is called, and who wrote it. */
function changeOf(id: PreviewId, { config, store }: Pick<Exchange, 'config' | 'store'>): ChangeWords | null {
  const change = openChanges({ config, store }).of(id)
  return change && changeWords(change, null, config.forge?.kind)
}

/** Where who may see more than a visitor does reads it. */
export function detailsOf(id: PreviewId, config: Pick<Config, 'domain' | 'publicUrl'>): string {
  return `${urlOf(config.domain, config)}${pathOf(id)}`
}

function verdictOf({ verdict, service }: GatewayRequest, id: PreviewId): Content | undefined {
  switch (verdict) {
    case 'alive':
    case 'deaf':
      return fromMessage(messages.unanswered(id, service))
    case 'too-large':
      return fromMessage(messages.tooLarge(id, service))
    case 'full':
      return { ...fromMessage(messages.crowded(id)), retryAfter: 5 }
    case 'unknown':
      return { ...fromMessage(messages.unknown(id)), retryAfter: 10, again: true }
    case 'spent':
      return {
        ...fromMessage({
          problem: 'lost',
          heading: `${spokenName(id, service)} was lost a moment ago`,
          sentence:
            'Its container ended before it could answer, and the request’s body is spent. Send the request again.',
        }),
        retryAfter: 2,
      }
    case 'interim':
      return {
        ...fromMessage({
          problem: 'interim-answer',
          heading: `${spokenName(id, service)} sent an interim answer`,
          sentence: `The ${service === null ? 'application' : 'service'} sent an interim answer, such as 103 Early Hints, before its own. Lotan did not expect that; from now on it does. Your request may have been carried out: check, then send it again.`,
        }),
        retryAfter: 3,
      }
    case 'trouble':
      return trouble()
    case undefined:
      return undefined
  }
}

export function trouble(): Content {
  return { ...fromMessage(messages.trouble()), retryAfter: 10, again: true }
}
