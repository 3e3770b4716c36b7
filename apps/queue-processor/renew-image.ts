/** Brings a newer image here of a preview that has one, before anybody has to wait for it: the renew lane. */
import { mayBeRenewed, wantsNewer } from '../shared/newer.ts'
import type { Preview } from '../shared/preview.ts'
import { removeOldImages } from './old-images.ts'
import type { Outcome, Parts } from './parts.ts'
import { notePulled, pull } from './pull.ts'
import { isExpected, reasonOf } from './reason-of.ts'
import { whileWanted } from './wish.ts'

/**
 * Asks the registry for the newest image of a preview, and pulls it where that is another one. What is asked for the
 * preview meanwhile comes first: what it wants then is in the store.
 * @throws EngineError where the engine is away
 */
export async function renewImage(parts: Parts, preview: Preview | undefined): Promise<Outcome> {
  if (!preview?.image?.pulled || !mayBeRenewed(preview)) return undefined
  const { store, log } = parts
  const { tag, change } = preview
  const asked = Date.now()
  try {
    const holds = () => store.get(tag)?.change === change
    const done = await whileWanted(store, holds, (signal) => renew(parts, preview, asked, signal))
    if (!done) return undefined
  } catch (error) {
    if (!isExpected(error) || error.code === 'engine-down') throw error
    log.warn({ tag, code: error.code, error: error.message }, 'the newest image could not be brought here')
    store.apply(tag, { type: 'notRenewed', reason: reasonOf(error, 'pull-failed') })
    return undefined
  }
  // Somebody has asked again since the registry was.
  const now = store.get(tag)
  return now && wantsNewer(now) && now.newer!.at >= asked ? renewImage(parts, now) : undefined
}

/**
 * Asks the registry whether a preview's image is its tag's newest one, and notes the answer.
 * @returns the digest of a newer one
 * @throws RegistryError
 */
export async function askForNewer(
  { store, registry }: Pick<Parts, 'store' | 'registry'>,
  { tag, image }: Preview,
): Promise<string | undefined> {
  const asked = Date.now()
  const digest = await registry.digestOf(tag, image?.digest ?? undefined)
  if (digest === undefined || digest === image?.digest) {
    store.apply(tag, { type: 'current', asked })
    return undefined
  }
  store.apply(tag, { type: 'refresh', digest })
  return digest
}

/** @returns undefined where it is not to be thought of again before the next look */
async function renew(parts: Parts, preview: Preview, asked: number, signal: AbortSignal): Promise<true | undefined> {
  const { store, engine, config, disk, log } = parts
  const { tag, image: was, state } = preview
  const began = Date.now()
  const digest = await askForNewer(parts, preview)
  if (digest === undefined) return true
  // What nobody uses sends nobody away: its next start makes room for it.
  const endClaim = state === 'running' ? await disk.claim(tag, signal) : await disk.claimAhead(tag)
  if (!endClaim) return void log.info({ tag, digest }, 'no room on the disk for a newer image that nobody waits for')
  try {
    if ((await pull(parts, { tag, signal })) === 'missing') return void store.apply(tag, { type: 'current', asked })
  } finally {
    endClaim()
  }
  const found = await engine.findImage(`${config.repository}:${tag}`)
  if (!found || signal.aborted) return undefined
  // The engine may know an image by several digests; this is the one that the tag has now.
  const image = { ...found, digest, pulled: true }
  log.info({ tag, was: was?.digest, digest, bytes: image.bytes, ms: Date.now() - began }, 'image renewed')
  notePulled(parts, tag, image)
  store.apply(tag, { type: 'renewed', image, asked })
  await removeOldImages(parts, tag)
  return true
}
