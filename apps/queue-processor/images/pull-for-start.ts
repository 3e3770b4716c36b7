/** Pulls the image that a preview waits for: the pull lane. */
import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError } from '../../shared/engine/engine.ts'
import { wantsNewer } from '../../shared/preview/image-update.ts'
import type { Image, In } from '../../shared/preview/preview.ts'
import type { Pullable } from '../../shared/registry/registry.ts'
import type { EndClaim } from './disk-space.ts'
import { removeOldImages } from './old-images.ts'
import type { Outcome, Dependencies } from '../dependencies.ts'
import { notePulled, pullWithProgress, throwMissing } from './pull.ts'
import { packedSizeOf, readTagIfReachable } from './read-tag.ts'
import { isDue, freeCapacity } from '../step/capacity.ts'
import { whileWanted } from '../step/while-wanted.ts'

export async function withImage(deps: Dependencies, preview: In<'queued'>): Promise<In<'queued'> | undefined> {
  if (preview.image) return preview
  const { tag } = preview
  const image = await deps.engine.findImage(`${deps.config.repository}:${tag}`, digestsOf(deps, tag))
  if (!image) return undefined
  const pulled = wasPulledByLotan(deps, tag, image)
  const found = deps.store.apply(tag, { type: 'found', image: { ...image, pulled } })
  return found?.state === 'queued' ? found : undefined
}

/** When the pull of an update fails, the preview starts with the image it has. */
export async function pullForStart(deps: Dependencies, preview: In<'queued'> | In<'pulling'>): Promise<Outcome> {
  const { store, config } = deps
  const { tag } = preview
  if (preview.state === 'queued') {
    if (!isDue(preview, Date.now())) return undefined
    if (preview.image && !wantsNewer(preview)) return { nextLane: 'start' }
    if (!store.apply(tag, { type: 'pull', places: config.maxRunning })) return void (await freeCapacity(deps, tag))
  }

  let endClaim: EndClaim = () => {}
  try {
    const bytes = await pullImage(deps, tag, (claim) => (endClaim = claim))
    endClaim(bytes)
  } finally {
    endClaim()
  }
  return undefined
}

/** @returns the image's unpacked size */
async function pullImage(
  deps: Dependencies,
  tag: string,
  onClaim: (claim: EndClaim) => void,
): Promise<number | undefined> {
  const { store, engine, config, disk, log } = deps
  const began = Date.now()
  const before = store.get(tag)
  const number = before?.update?.number
  let read: Pullable | undefined
  const pulled = await whileWanted(
    store,
    () => store.get(tag)?.state === 'pulling',
    async (signal) => {
      const found = await readTagIfReachable(deps, tag, signal)
      if (found === 'missing') return throwMissing(deps)
      read = found === 'unread' ? undefined : found
      onClaim(await disk.claim(tag, signal, read && packedSizeOf(read)))
      return pullWithProgress(deps, { tag, image: read, signal })
    },
  )
  if (!pulled) return void (await removeUnwanted(deps, tag, read))
  if (pulled === 'missing') {
    log.info({ tag, ms: Date.now() - began }, 'the registry has no such tag')
    return void store.apply(tag, before?.image ? { type: 'current', number } : { type: 'missing' })
  }

  const found = await engine.findImage(`${config.repository}:${tag}`)
  if (!found) throw new EngineError('pull-failed', 'the image was removed as soon as it was pulled')
  // The engine may know an image by several digests; this is the tag's current one.
  const image = { ...found, digest: pulled.digest ?? found.digest, pulled: true }
  log.info({ tag, digest: image.digest, bytes: image.bytes, ms: Date.now() - began }, 'image pulled')
  notePulled(deps, tag, image)
  if (!store.apply(tag, { type: 'pulled', image, number })) await removeUnwanted(deps, tag, read)
  else if (before?.image) await removeOldImages(deps, tag)
  return image.bytes
}

/** Removes what a cancelled pull brought. The image stays where the tag had one before the pull, or is wanted again. */
async function removeUnwanted(deps: Dependencies, tag: string, read: Pullable | undefined): Promise<void> {
  const { store, engine, config, log } = deps
  // The engine ends its side of the pull a moment later.
  await sleep(50)
  const preview = store.get(tag)
  if (preview?.image || (preview && ['queued', 'pulling', 'starting', 'running'].includes(preview.state))) return
  // The image may be there without its name yet.
  const digestName = read && `${config.repository}@${read.digest}`
  const hasNoTag = digestName !== undefined && (await engine.namesOf(digestName))?.length === 0
  const removed = await engine.removeImage(hasNoTag ? digestName : `${config.repository}:${tag}`)
  if (removed === 'removed') log.info({ tag }, 'image of a cancelled pull removed')
}

function digestsOf({ store }: Pick<Dependencies, 'store'>, tag: string): string[] {
  const pulled = store.pulled.list().filter((image) => image.tag === tag)
  return [...pulled.map(({ digest }) => digest), ...store.digestsOf(tag)]
}

function wasPulledByLotan({ store }: Dependencies, tag: string, { id }: Image): boolean {
  return store.pulled.list().some((pulled) => pulled.tag === tag && pulled.id === id)
}
