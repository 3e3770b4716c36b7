import { randomBytes } from 'node:crypto'
import type { Actor } from '../shared/actor.ts'
import { urlOf, type Config } from '../shared/config/config.ts'
import type { Log } from '../shared/log.ts'
import { logFields, type PreviewId } from '../shared/preview/preview-id.ts'
import { hashOf, makeSecret } from '../shared/secret.ts'
import type { Share, Store } from '../shared/store/store.ts'
import { hostOf } from '../shared/tag.ts'

interface Context {
  config: Pick<Config, 'domain' | 'transliterate' | 'hostForm' | 'repositories' | 'publicUrl'>
  store: Pick<Store, 'shares'>
  log: Log
}

/** @param lasts milliseconds @returns the link itself, which is kept nowhere; undefined where there are too many */
export function makeShare(
  preview: PreviewId,
  lasts: number,
  actor: Actor,
  { config, store, log }: Context,
): (Share & { url: string }) | undefined {
  const secret = makeSecret()
  const created = Date.now()
  const share = { id: randomBytes(6).toString('hex'), preview, created, until: created + lasts, by: actor }
  if (!store.shares.add({ ...share, key: hashOf(secret) })) return undefined
  log.info({ ...actor, ...logFields(preview), share: share.id, until: share.until }, 'share link made')
  return { ...share, url: `${urlOf(hostOf(preview, config), config)}/.lotan/enter?share=${secret}` }
}

/** @returns false where there is no such link */
export function endShare(id: string, actor: Actor, { store, log }: Pick<Context, 'store' | 'log'>): boolean {
  const ended = store.shares.remove(id, Date.now(), actor)
  if (ended) log.info({ ...actor, ...logFields(ended.preview), share: id }, 'share link ended')
  return ended !== undefined
}
