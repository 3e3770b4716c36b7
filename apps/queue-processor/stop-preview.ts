/** Ends previews: stops them, removes them, cleans up after those nobody uses. The stop lane. */
import { setTimeout as sleep } from 'node:timers/promises'
import { movedBetween } from '../shared/connections.ts'
import { dueOf } from '../shared/due.ts'
import type { Image, In } from '../shared/preview.ts'
import { addressOf } from '../shared/slots.ts'
import type { Outcome, Parts } from './parts.ts'
import { sweep } from './sweep.ts'
import { whileWanted } from './wish.ts'

/** How often connections are looked at while they get their grace. */
const LOOK_EVERY_MS = 1_000
/** How long an application may take to stop by itself, seconds. */
const STOP_SECONDS = 10

/** Stops a preview's container and keeps it. Its route has been gone for a while when that happens. */
export async function stopPreview(parts: Parts, preview: In<'stopping'>): Promise<Outcome> {
  if (preview.draining) return { beside: drain(parts, preview) }
  const { store, engine, log } = parts
  const { tag, generation } = preview
  const began = Date.now()
  if (generation?.container) {
    await engine.stop(generation.container, STOP_SECONDS)
    log.info({ tag, generation: generation.number, why: preview.why, ms: Date.now() - began }, 'container stopped')
  }
  store.apply(tag, { type: 'ended' })
  await sweep(parts, tag)
  return undefined
}

/** Removes a preview with its container, and its image if Lotan pulled it. */
export async function removePreview(parts: Parts, preview: In<'removing'>): Promise<Outcome> {
  if (preview.draining) return { beside: drain(parts, preview) }
  const { store } = parts
  const { tag, generation } = preview
  if (generation?.container) await parts.engine.stop(generation.container, STOP_SECONDS)
  await discard(parts, tag, preview.image)
  store.apply(tag, { type: 'removed' })
  return undefined
}

/** Removes what is left of a preview that is not up, once nobody has used it for long enough; strays in any case. */
export async function cleanUp(parts: Parts, preview: In<'stopped'> | In<'failed'>): Promise<Outcome> {
  const { store, config } = parts
  const { tag, image } = preview
  const due = dueOf(preview, config)
  if (due?.what !== 'clean' || due.at > Date.now()) return void (await sweep(parts, tag))
  await discard(parts, tag, image)
  store.apply(tag, { type: 'cleaned' })
  return undefined
}

async function discard({ config, engine, log }: Parts, tag: string, image: Image | null): Promise<void> {
  const began = Date.now()
  const containers = await engine.list(tag)
  for (const { id } of containers) await engine.remove(id)
  // By its name and never by force: another tag may have the same image, another program may need it. And only while
  // the name still means what was pulled: somebody may have put it on an image of their own.
  const reference = `${containers[0]?.repository ?? config.repository}:${tag}`
  const ours = image?.pulled && (await engine.findImage(reference))?.id === image.id
  const removed = ours ? await engine.removeImage(reference) : 'not ours'
  log.info({ tag, containers: containers.length, image: removed, ms: Date.now() - began }, 'preview cleaned up')
}

/**
 * Waits until no cached answer can name the route any more, and then for the requests still open, within
 * bounds. A click meanwhile calls the preview back: its state changes, and the wait ends. Holds no lane.
 */
async function drain(parts: Parts, preview: In<'stopping'> | In<'removing'>): Promise<Outcome> {
  const { store, waits } = parts
  const { tag, state, since, generation } = preview
  const drained = await whileWanted(
    store,
    () => {
      const now = store.get(tag)
      return now?.state === state && now.since === since
    },
    async (signal) => {
      await sleep(Math.max(0, since + waits.drain - Date.now()), undefined, { signal })
      if (generation?.slot) await whileTalking(parts, generation.slot, signal)
      return true
    },
  )
  return drained && store.apply(tag, { type: 'ending' }) ? { again: true } : undefined
}

/** Waits while a connection to the slot moves data, for as long as its grace lasts. */
async function whileTalking({ network, connections, waits, log }: Parts, slot: number, signal: AbortSignal) {
  try {
    const subnet = await network.subnet()
    const address = addressOf(subnet, slot)
    const look = async () => (await connections(subnet)).filter(({ peer }) => peer === address)
    const end = Date.now() + waits.grace
    let before = await look()
    while (before.length > 0 && Date.now() < end) {
      await sleep(Math.min(LOOK_EVERY_MS, end - Date.now()), undefined, { signal })
      const after = await look()
      if (!movedBetween(before, after).has(address)) return
      before = after
    }
  } catch (error) {
    if (signal.aborted) throw error
    log.warn({ slot, error: (error as Error).message }, 'connections cannot be seen')
  }
}
