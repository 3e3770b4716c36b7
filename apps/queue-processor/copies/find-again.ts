/** A database that was lost, or is older than the engine's copies: the names of their images say which there are. */
import { baseId } from '../../shared/preview/copy.ts'
import { copyFound } from '../../shared/preview/copy-label.ts'
import { idOf, logFields, splitId } from '../../shared/preview/preview-id.ts'
import type { Dependencies } from '../dependencies.ts'

/** One whose container runs is adopted with that (apply-plan.ts of the reaper). */
export async function findCopiesAgain({ store, engine, config, log }: Dependencies): Promise<void> {
  const images = await engine.copyImages()
  const unknown = images.filter(({ copy }) => !store.get(copy) && !store.copies.find(copy))
  if (unknown.length === 0) return
  const running = new Set((await engine.list()).filter((container) => container.running).map(idOf))
  for (const { copy, name } of unknown) {
    if (running.has(copy)) continue
    // It was removed, and its image could not be then.
    if (store.history(copy, 1).length > 0) {
      await engine.removeImage(name)
      continue
    }
    const image = await engine.findImage(name)
    if (!image) continue
    const now = Date.now()
    const base = baseId(copy)
    const standing = store.standing(base, now)
    const trusted = standing.is === 'free' && standing.isTrusted
    const found = copyFound(copy, image.labels, { base: splitId(base).tag, trusted, lasts: config.dataFor, now })
    store.apply(copy, { type: 'copied', ...found, image: { ...image, pulled: false } }, now)
    log.warn({ ...logFields(copy), kept: found.copy.kept }, 'a copy that the database did not know was found')
  }
}
