/** Brings a preview's image here: the pull lane. */
import { setTimeout as sleep } from 'node:timers/promises'
import { furthest } from '../shared/engine-progress.ts'
import { EngineError } from '../shared/engine.ts'
import type { Login } from '../shared/logins.ts'
import type { Image, In, Preview, Progress } from '../shared/preview.ts'
import type { EndClaim } from './disk.ts'
import { removeOldImages } from './old-images.ts'
import type { Outcome, Parts } from './parts.ts'
import { isDue, makeRoom } from './room.ts'
import { whileWanted } from './wish.ts'

/** Progress is written at most this often: every write wakes whoever watches. */
const TELL_EVERY_MS = 250

/** The queued preview with its image, where that is on the engine; undefined where it has to be pulled. */
export async function withImage(parts: Parts, preview: In<'queued'>): Promise<In<'queued'> | undefined> {
  if (preview.image) return preview
  const image = await parts.engine.findImage(`${parts.config.repository}:${preview.tag}`)
  if (!image) return undefined
  const pulled = isOurs(parts, preview.tag, image)
  const found = parts.store.apply(preview.tag, { type: 'found', image: { ...image, pulled } })
  return found?.state === 'queued' ? found : undefined
}

/**
 * Pulls the image of a preview that waits for it.
 * @throws EngineError, or the registry's own, which are reasons to fail
 */
export async function refreshImage(parts: Parts, preview: In<'queued'> | In<'pulling'>): Promise<void> {
  const { store, config } = parts
  const { tag } = preview
  const reference = `${config.repository}:${tag}`
  if (preview.state === 'queued') {
    if (!isDue(preview, Date.now()) || preview.image) return
    if (!store.apply(tag, { type: 'pull', places: config.maxRunning })) return makeRoom(parts, tag)
  }

  let endClaim: EndClaim = () => {}
  try {
    const bytes = await bringHere(parts, tag, reference, (claim) => (endClaim = claim))
    endClaim(bytes)
  } finally {
    endClaim()
  }
}

/** @returns what its image takes unpacked; undefined where there is none, or nobody wants it any more */
async function bringHere(
  parts: Parts,
  tag: string,
  reference: string,
  onClaim: (claim: EndClaim) => void,
): Promise<number | undefined> {
  const { store, engine, disk, log } = parts
  const began = Date.now()
  const pulled = await whileWanted(
    store,
    () => store.get(tag)?.state === 'pulling',
    async (signal) => {
      onClaim(await disk.claim(tag, signal))
      return pull(parts, tag, reference, signal)
    },
  )
  if (!pulled) return void (await leaveNothing(parts, tag, reference))
  if (pulled === 'missing') {
    log.info({ tag, ms: Date.now() - began }, 'the registry has no such tag')
    return void store.apply(tag, { type: 'missing' })
  }

  const image = await engine.findImage(reference)
  if (!image) throw new EngineError('pull-failed', 'the image was removed as soon as it was pulled')
  log.info({ tag, digest: image.digest, bytes: image.bytes, ms: Date.now() - began }, 'image pulled')
  notePulled(parts, tag, image)
  if (!store.apply(tag, { type: 'pulled', image: { ...image, pulled: true } }))
    await leaveNothing(parts, tag, reference)
  return image.bytes
}

/**
 * Brings a newer image here, where the registry has one, of a preview that has an image. What is asked for the preview
 * meanwhile comes first, and this is asked for again at the next look.
 * @throws EngineError, or the registry's own
 */
export async function renewImage(parts: Parts, preview: Preview | undefined): Promise<Outcome> {
  const { store, engine, registry, config, disk, log } = parts
  if (!preview?.image?.pulled || !mayBeRenewed(preview)) return undefined
  const { tag, change, image: was } = preview
  const began = Date.now()
  const reference = `${config.repository}:${tag}`
  const renewed = await whileWanted(
    store,
    () => store.get(tag)?.change === change,
    async (signal) => {
      const digest = await registry.digestOf(tag, was.digest ?? undefined)
      if (digest === undefined || digest === was.digest) return { image: was }
      const endClaim = await disk.claim(tag, signal)
      try {
        if ((await pull(parts, tag, reference, signal)) === 'missing') return { image: was }
        return { image: await engine.findImage(reference), digest }
      } finally {
        endClaim()
      }
    },
  )
  if (!renewed?.image || renewed.image === was) return undefined
  // The engine may know an image by several digests; this is the one that the tag has now.
  const image = { ...renewed.image, digest: renewed.digest ?? renewed.image.digest, pulled: true }
  log.info({ tag, was: was.digest, digest: image.digest, bytes: image.bytes, ms: Date.now() - began }, 'image renewed')
  notePulled(parts, tag, image)
  store.apply(tag, { type: 'renewed', image })
  await removeOldImages(parts, tag)
  return undefined
}

/** An image that Lotan pulled is one that it may remove, whatever becomes of its name. */
export function notePulled({ store, config }: Parts, tag: string, { id, digest }: Image): void {
  if (digest) store.pulled.note({ tag, id, repository: config.repository, digest })
}

function mayBeRenewed({ state }: Preview): boolean {
  return ['running', 'paused', 'stopped', 'failed'].includes(state)
}

/**
 * One pull, with the login there is, and once more with a newer one.
 * @throws EngineError, or the registry's own
 */
export async function pull(
  { store, engine, registry, waits }: Parts,
  tag: string,
  reference: string,
  signal: AbortSignal,
): Promise<'pulled' | 'missing'> {
  // After a restart of this process, what was told before it still stands.
  const preview = store.get(tag)
  let told = preview?.state === 'pulling' ? preview.progress : null
  let latest = told
  const tell = () => {
    if (latest && latest !== told) store.progress(tag, (told = latest))
  }
  const onProgress = (progress: Progress) => void (latest = furthest(latest, progress))
  // It waits for room no longer.
  if (latest?.waitsFor) onProgress(latest)
  tell()
  const timer = setInterval(tell, TELL_EVERY_MS)
  try {
    const attempt = (auth?: Login) => engine.pull(reference, { onProgress, signal, auth, stallAfter: waits.stall })
    const login = await registry.authFor(reference)
    try {
      await attempt(login)
    } catch (error) {
      if (!login || !isRefused(error)) throw error
      // A token can end early, and a helper may know a newer login.
      const newer = await registry.authFor(reference, login)
      if (!newer) throw error
      await attempt(newer)
    }
    return 'pulled'
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'missing') throw error
    // Most registries say the same of a tag they do not have and of one in a repository they do not have.
    if (await registry.hasRepository()) return 'missing'
    throw new EngineError('no-repository', error.message, { cause: error })
  } finally {
    clearInterval(timer)
  }
}

/**
 * After a pull that is wanted no more: an image that came all the same is nobody's. It was not here before the pull.
 * Where somebody wants the tag again meanwhile, the image stays for them.
 */
async function leaveNothing({ store, engine, log }: Parts, tag: string, reference: string): Promise<void> {
  // The engine ends its side of the pull a moment after this side has.
  await sleep(50)
  const preview = store.get(tag)
  if (preview && ['queued', 'pulling', 'starting', 'running'].includes(preview.state)) return
  if ((await engine.removeImage(reference)) === 'removed') log.info({ tag }, 'image of an ended pull removed')
}

function isRefused(error: unknown): boolean {
  return error instanceof EngineError && (error.code === 'credentials' || error.code === 'token-expired')
}

/** Whether an image that is here is the one that Lotan itself pulled for the tag, and has not taken away since. */
function isOurs({ store }: Parts, tag: string, { digest }: Image): boolean {
  const last = store.history(tag).find(({ event }) => ['pulled', 'ahead', 'cleaned', 'removed'].includes(event))
  return (last?.event === 'pulled' || last?.event === 'ahead') && digest !== null && last.detail === digest
}
