/** Offered tags of the same repository that are close to one which is not there, for pages. */
import { urlOf, type Config } from '../../shared/config/config.ts'
import { idOf, splitId } from '../../shared/preview/preview-id.ts'
import type { Store } from '../../shared/store/store.ts'
import { hostOf, isArtifact, type Naming, type Tag } from '../../shared/tag.ts'
import type { Gate } from '../gate/gate.ts'
import { lookOf } from '../gateway/no-tag.ts'
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
  const lists = new Map<string, Tag[]>()
  let second = 0
  let asked = 0

  function offeredOf(repository: string): Tag[] {
    const known = lists.get(repository)
    if (known) return known
    const tags = store.newestOffered(repository, Infinity, (tag) => !isArtifact(tag))
    lists.set(repository, tags)
    setTimeout(() => lists.delete(repository), LIST_KEPT_MS).unref()
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
    const { repository, tag: wanted } = id === null ? lookOf(label, config) : splitId(id)
    if (!config.repositories.some(({ name }) => name === repository)) return []
    return nearest(wanted, offeredOf(repository), {
      most: MOST,
      suits: (tag) => config.offers(idOf({ repository, tag })),
    }).map((tag) => ({ tag, href: `${urlOf(hostOf(idOf({ repository, tag }), config), config)}/` }))
  }

  /** A share link opens one preview, and tells of no other. Who has logged in may open all. */
  function maySeeOthers(request: Pick<GatewayRequest, 'id' | 'passes'>): boolean {
    return !gate.isOn || typeof gate.passIn(request)?.session === 'string'
  }
}
