import { setTimeout as sleep } from 'node:timers/promises'
import { imageNameOf, referenceOf } from '../../shared/repository.ts'
import { EngineError } from '../../shared/engine/engine.ts'
import type { In, InPhase } from '../../shared/preview/preview.ts'
import type { Pullable } from '../../shared/registry/registry.ts'
import { findPairsAhead } from '../containers/find-pairs.ts'
import type { EndClaim } from './disk-space.ts'
import { removeOldImages } from './old-images.ts'
import type { Outcome, Dependencies } from '../dependencies.ts'
import { notePulled, pullWithProgress, throwMissing } from './pull.ts'
import { packedSizeOf, readTagIfReachable } from './read-tag.ts'
import { isDue, takePlace } from '../step/capacity.ts'
import { whileWanted } from '../step/while-wanted.ts'
import { idOf, logFields, type PreviewId } from '../../shared/preview/preview-id.ts'

/** When the pull of an update fails, the preview starts with the image it has. */
export async function pullForStart(
  deps: Dependencies,
  preview: InPhase<'queued', 'pull'> | In<'pulling'>,
): Promise<Outcome> {
  const { config } = deps
  const id = idOf(preview)
  if (preview.state === 'queued') {
    if (!isDue(preview, Date.now())) return undefined
    if (!(await takePlace(deps, preview, { type: 'pull', places: config.maxRunning }))) return undefined
    deps.sandboxes.nudge()
  }

  let endClaim: EndClaim = () => {}
  try {
    const bytes = await pullImage(deps, id, (claim) => (endClaim = claim))
    endClaim(bytes)
  } finally {
    endClaim()
  }
  return undefined
}

async function pullImage(
  deps: Dependencies,
  id: PreviewId,
  onClaim: (claim: EndClaim) => void,
): Promise<number | undefined> {
  const { store, engine, config, disk, log } = deps
  const began = Date.now()
  const before = store.get(id)
  const number = before?.update?.number
  let read: Pullable | undefined
  const pulled = await whileWanted(
    store,
    () => store.get(id)?.state === 'pulling',
    async (signal) => {
      const found = await readTagIfReachable(deps, id, signal)
      if (found === 'missing') return throwMissing(deps, id)
      read = found === 'unread' ? undefined : found
      onClaim(await disk.claim(id, signal, read && packedSizeOf(read)))
      return pullWithProgress(deps, { id, image: read, signal })
    },
  )
  if (!pulled) return void (await removeUnwanted(deps, id, read))
  if (pulled === 'missing') {
    log.info({ ...logFields(id), ms: Date.now() - began }, 'the registry has no such tag')
    return void store.apply(id, before?.image ? { type: 'current', number } : { type: 'missing' })
  }

  findPairsAhead(deps, id)
  const found = await engine.findImage(imageNameOf(id, config))
  if (!found) throw new EngineError('pull-failed', 'the image was removed as soon as it was pulled')
  // The engine may know an image by several digests; this is the tag's current one.
  const image = { ...found, digest: pulled.digest ?? found.digest, pulled: true }
  log.info({ ...logFields(id), digest: image.digest, bytes: image.bytes, ms: Date.now() - began }, 'image pulled')
  notePulled(deps, id, image)
  if (!store.apply(id, { type: 'pulled', image, number })) await removeUnwanted(deps, id, read)
  else if (before?.image) await removeOldImages(deps, id)
  return image.bytes
}

/** Where the tag had an image before the pull, or one is wanted again, that stays. */
async function removeUnwanted(deps: Dependencies, id: PreviewId, read: Pullable | undefined): Promise<void> {
  const { store, engine, config, log } = deps
  // The engine ends its side of the pull a moment later.
  await sleep(50)
  const preview = store.get(id)
  if (preview?.image || (preview && ['queued', 'pulling', 'starting', 'running'].includes(preview.state))) return
  // The image may be there without its name yet.
  const digestName = read && `${referenceOf(id, config)}@${read.digest}`
  const hasNoTag = digestName !== undefined && (await engine.namesOf(digestName))?.length === 0
  const removed = await engine.removeImage(hasNoTag ? digestName : imageNameOf(id, config))
  if (removed === 'removed') log.info(logFields(id), 'image of a cancelled pull removed')
}
