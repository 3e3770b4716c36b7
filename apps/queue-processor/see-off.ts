/** Ends the containers that a newer one took over from, or that were given up: nobody sees them go. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Leaving } from '../shared/preview.ts'
import { nameOf } from './container.ts'
import { drainLeft, untilFinished } from './drain.ts'
import { removeOldImages } from './old-images.ts'
import type { Parts } from './parts.ts'
import { stopIfItCan } from './stop-preview.ts'

/**
 * Makes what sees them off. It goes on beside everything else that is done for the same tag: nobody else touches a
 * container that is leaving. What fails is asked for again by the reaper.
 */
export function openSeeOff(parts: Parts): (tag: string) => void {
  const { store, engine, config, waits, log } = parts
  const tags = new Set<string>()

  async function seeOff(tag: string): Promise<void> {
    for (;;) {
      const preview = store.get(tag)
      const leaving = preview?.leaving[0]
      if (!leaving) return
      await untilUnused(tag, leaving)
      await end(tag, leaving)
      if (!store.apply(tag, { type: 'left', generation: leaving.number })) return
      log.info({ tag, generation: leaving.number }, 'older container removed')
      await removeOldImages(parts, tag)
    }
  }

  /** As at a stop: until no cached answer can name its route, and then for as long as its grace lasts. */
  async function untilUnused(tag: string, leaving: Leaving): Promise<void> {
    // It never had a route.
    if (leaving.since === 0) return
    const graceEnds = Date.now() + drainLeft(leaving.since, waits) + waits.grace
    await sleep(drainLeft(leaving.since, waits))
    await untilFinished(parts, { tag, generation: leaving }, graceEnds)
  }

  async function end(tag: string, { number, container }: Leaving): Promise<void> {
    // Whether the store was ever told of its container or not: its name is known.
    const id = container ?? nameOf(config.instance, tag, number)
    await stopIfItCan(parts, tag, id)
    await engine.remove(id)
  }

  return (tag) => {
    if (tags.has(tag)) return
    tags.add(tag)
    void seeOff(tag)
      .catch((error: unknown) => log.warn({ tag, err: error }, 'an older container could not be ended'))
      .finally(() => tags.delete(tag))
  }
}
