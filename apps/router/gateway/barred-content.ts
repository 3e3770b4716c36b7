/** What a visitor gets of a preview that its pull request does not let run. */
import { shownTag } from '../../shared/preview/copy-tag.ts'
import { urlOf, type Config } from '../../shared/config/config.ts'
import type { Barred } from '../../shared/forge/standing.ts'
import { idOf, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { Store } from '../../shared/store/store.ts'
import { hostOf, type Naming } from '../../shared/tag.ts'
import { approvalPage, closedPage } from '../pages/change-pages.ts'
import type { NearTag } from '../pages/visitor-pages.ts'
import { changeWords } from '../words/change-words.ts'
import { spokenName } from '../words/preview-names.ts'
import { fromMessage, type Content } from './content.ts'

/** The page listens meanwhile; without script it asks again so often. Seconds. */
const AGAIN = 10

interface Facts {
  config: Naming & Pick<Config, 'publicUrl' | 'forge' | 'pairFallback' | 'offers'>
  store: Pick<Store, 'get' | 'isOffered'>
  /** Of the page that is for who may approve. */
  details: string
}

export function barredContent(id: PreviewId, standing: Barred, facts: Facts): Content {
  const { details } = facts
  const name = spokenName(id)
  const change = standing.change && changeWords(standing.change, null, facts.config.forge?.kind)
  switch (standing.is) {
    case 'closed': {
      const { state } = standing.change
      const { name: number } = change!
      const isMerged = state === 'merged'
      const fallback = fallbackOf(id, facts)
      const where = fallback ? ` What it changed is in ${fallback.tag}: ${fallback.href}` : ''
      return {
        problem: 'closed',
        heading: `${number} is ${state}`,
        sentence: isMerged
          ? `Its preview ${name} is not started any more.${where}`
          : `Its preview ${name} is not started any more, unless the pull request is opened again.`,
        page: (brand) => closedPage({ id, change: change!, isMerged, fallback }, brand),
      }
    }
    case 'asks':
      return {
        problem: 'approval',
        pageStatus: 503,
        heading: `${name} waits for approval`,
        sentence: change
          ? `It shows ${change.name}, which comes from a fork: somebody looks at it before it may run.`
          : 'Its pull request is not known yet, and may come from a fork: somebody looks at it before it may run.',
        retryAfter: AGAIN,
        page: (brand) => approvalPage({ id, change, details, again: AGAIN }, brand),
      }
    case 'refused':
      return fromMessage({
        problem: 'no-forks',
        tag: shownTag(splitId(id).tag),
        heading: `${name} does not run here`,
        sentence: change
          ? `It shows ${change.name}, which comes from a fork. Previews of forks do not run here.`
          : 'Its pull request is not known yet, and may come from a fork. Previews of forks do not run here.',
        ...(change?.href && { link: { href: change.href, name: `Open ${change.name}` } }),
      })
  }
}

/** The preview of what changes go into: the first of LOTAN_PAIR_FALLBACK that there is. */
function fallbackOf(id: PreviewId, { config, store }: Facts): NearTag | null {
  const { repository } = splitId(id)
  const tag = config.pairFallback.find((tag) => {
    const other = idOf({ repository, tag })
    return config.offers(other) && (store.isOffered(other) || (store.get(other)?.image ?? null) !== null)
  })
  return tag === undefined ? null : { tag, href: `${urlOf(hostOf(idOf({ repository, tag }), config), config)}/` }
}
