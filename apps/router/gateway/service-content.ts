/** What a visitor of a second host is told where its service does not answer. */
import { urlOf, type Config } from '../../shared/config/config.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import type { Store } from '../../shared/store/store.ts'
import { hostOf, type Naming } from '../../shared/tag.ts'
import { spokenName } from '../words/preview-names.ts'
import { serviceDownWords } from '../words/service-words.ts'
import { fromMessage, type Content } from './content.ts'

type Site = Naming & Pick<Config, 'publicUrl'>
interface Second {
  id: PreviewId
  service: string
}
interface Facts {
  config: Site
  store: { services: Pick<Store['services'], 'get'> }
}

/** Seconds after which the page is loaded again. */
const SOON = 2
const LATEST = 30

const patience = { who: 'Nothing to do:', what: 'this page opens it as soon as it is there.' }
const ask = { who: 'Still the same?', what: 'Tell whoever pushed it.' }

/** @param where `here`: no preview has second hosts */
export function noServiceContent({ id, service }: Second, where: 'here' | 'stack', config: Site): Content {
  return fromMessage({
    problem: 'no-second-host',
    heading: `No such service: ${spokenName(id, service)}`,
    sentence:
      where === 'here'
        ? 'Services of previews have no addresses of their own on this server.'
        : `The stack of ${spokenName(id)} has no service of that name with an address of its own.`,
    link: linkTo(id, config),
  })
}

export function serviceDownContent({ id, service }: Second, { config, store }: Facts, now: number): Content {
  const row = store.services.get(id, service)
  const left = Math.ceil(((row?.restartAt ?? now) - now) / 1_000)
  return {
    ...fromMessage({
      problem: 'service-down',
      heading: `${spokenName(id, service)} is not up`,
      sentence: `${serviceDownWords(row?.state)} ${spokenName(id)} itself runs on.`,
      advice: [patience],
      link: linkTo(id, config),
    }),
    retryAfter: Math.min(Math.max(SOON, left), LATEST),
    again: true,
  }
}

/** Its container runs, and accepts no connection. */
export function deafContent({ id, service }: Second, { config, store }: Facts): Content {
  const port = store.services.get(id, service)?.port
  return {
    ...fromMessage({
      problem: 'service-down',
      heading: `${spokenName(id, service)} does not listen`,
      sentence: `It runs, and nothing in it listens on port ${port ?? 80} yet.`,
      advice: [patience, ask],
      link: linkTo(id, config),
    }),
    retryAfter: SOON,
    again: true,
  }
}

function linkTo(id: PreviewId, config: Site) {
  return { href: `${urlOf(hostOf(id, config), config)}/`, name: `Open ${spokenName(id)}` }
}
