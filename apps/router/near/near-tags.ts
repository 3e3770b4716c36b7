/** Offered tags that are close to one which is not there, for pages. */
import { urlOf, type Config } from '../../shared/config/config.ts'
import { idOf, NAMELESS } from '../../shared/preview/preview-id.ts'
import type { Store } from '../../shared/store/store.ts'
import { hostOf, isArtifact, type Naming, type Tag } from '../../shared/tag.ts'
import type { Gate } from '../gate/gate.ts'
import type { GatewayRequest } from '../gateway/request.ts'
import type { NearTag } from '../pages/visitor-pages.ts'
import { nearest } from './nearest.ts'

const MOST = 4
/** Reading 100 000 tags takes 0.1 s, comparing a name with them 0.02 s to 0.04 s. */
const LIST_KEPT_MS = 60_000
const MOST_A_SECOND = 5

export type NearTags = (request: Pick<GatewayRequest, 'id' | 'label' | 'passes'>) => NearTag[]

interface Needs {
  config: Naming & Pick<Config, 'publicUrl' | 'offers'>
  store: Pick<Store, 'newestOffered'>
  gate: Pick<Gate, 'isOn' | 'passIn'>
}

/** Nothing past `MOST_A_SECOND`: who asks for made-up hosts must not keep the router busy. */
export function openNearTags({ config, store, gate }: Needs, clock = () => Date.now()): NearTags {
  let tags: Tag[] | undefined
  let second = 0
  let asked = 0

  function offered(): Tag[] {
    if (tags) return tags
    tags = store.newestOffered(NAMELESS, Infinity, (tag) => !isArtifact(tag))
    setTimeout(() => (tags = undefined), LIST_KEPT_MS).unref()
    return tags
  }

  function isTooOften(): boolean {
    const now = Math.floor(clock() / 1_000)
    if (now !== second) [second, asked] = [now, 0]
    return ++asked > MOST_A_SECOND
  }

  return (request) => {
    const { id, label } = request
    if (!maySeeOthers(request) || label === null || isTooOften()) return []
    return nearest(id ?? label, offered(), {
      most: MOST,
      suits: (tag) => config.offers(idOf({ repository: NAMELESS, tag })),
    }).map((tag) => ({
      tag,
      href: `${urlOf(hostOf(idOf({ repository: NAMELESS, tag }), config), config)}/`,
    }))
  }

  /** A share link opens one preview, and tells of no other. Who has logged in may open all. */
  function maySeeOthers(request: Pick<GatewayRequest, 'id' | 'passes'>): boolean {
    return !gate.isOn || typeof gate.passIn(request)?.session === 'string'
  }
}
