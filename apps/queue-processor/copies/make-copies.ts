/** Makes the copies of a preview that were asked for, in its own turn: none of its other steps runs meanwhile. */
import { keptLabels } from '../../shared/preview/copy-label.ts'
import { shownTag } from '../../shared/preview/copy-tag.ts'
import { logFields, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import { generationOf, type Image, type Preview } from '../../shared/preview/preview.ts'
import { copyImageName } from '../../shared/slots/container-name.ts'
import { EngineError } from '../../shared/engine/engine.ts'
import type { CopyWish } from '../../shared/store/store.ts'
import type { Dependencies } from '../dependencies.ts'
import { whileFrozen } from './while-frozen.ts'

export async function makeCopies(deps: Dependencies, of: PreviewId): Promise<undefined> {
  const { store } = deps
  for (const wish of store.copies.list().filter((one) => one.of === of)) {
    const preview = store.get(of)
    if (!preview?.image || preview.state === 'removing') await giveUp(deps, wish, 'there is nothing of it any more')
    // It is tried again as it comes to rest.
    else if (isAtRest(preview)) await tryToMake(deps, wish, preview, preview.image)
  }
  return undefined
}

/** What comes up or goes has a container that is not what it will be. */
export function isAtRest(preview: Preview): boolean {
  if (preview.state === 'paused') return preview.phase === 'frozen'
  return preview.state === 'running' || preview.state === 'stopped' || preview.state === 'failed'
}

async function tryToMake(deps: Dependencies, wish: CopyWish, preview: Preview, image: Image): Promise<void> {
  try {
    await makeCopy(deps, wish, preview, image)
  } catch (error) {
    // It is tried again when the engine is back.
    if (error instanceof EngineError && error.code === 'engine-down') throw error
    deps.log.warn({ ...logFields(wish.of), as: shownTag(wish.copy), err: error }, 'a copy could not be made')
    await giveUp(deps, wish, (error as Error).message)
  }
}

async function makeCopy(deps: Dependencies, wish: CopyWish, preview: Preview, image: Image): Promise<void> {
  const { store, engine, config, log } = deps
  const { copy, of, kept } = wish
  const began = Date.now()
  const name = copyImageName(config.instance, copy)
  const standing = store.standing(of, began)
  const trusted = standing.is === 'free' && standing.isTrusted
  const container = kept ? (generationOf(preview)?.container ?? null) : null
  const frozen =
    container === null
      ? await engine.tagImage(served(preview, image), name).then(() => 0)
      : await whileFrozen(deps, preview, container, () =>
          engine.commit(container, name, keptLabels(copy, { of: splitId(of).tag, at: began, trusted })),
        )
  const found = await engine.findImage(name)
  if (!found) throw new Error('its image was removed as it was made')
  const digest = container === null ? image.digest : null
  const parts = { image: { ...found, digest, pulled: false }, volumes: [], salt: undefined, trusted, frozen }
  if (!store.copies.made(wish, parts)) return void (await engine.removeImage(name))
  log.info({ ...wish.actor, ...logFields(copy), of: shownTag(of), kept, frozen, ms: Date.now() - began }, 'copy made')
}

/** A newer image may be here already, and not serve yet. */
function served(preview: Preview, image: Image): string {
  return generationOf(preview)?.image ?? image.id
}

/** Nothing of it stays. */
async function giveUp({ store, engine, config }: Dependencies, wish: CopyWish, why: string): Promise<void> {
  const { copy, of, actor } = wish
  if (!store.get(copy)) await engine.removeImage(copyImageName(config.instance, copy))
  store.copies.forget(copy)
  store.noteDone(of, { type: 'notCopied', as: splitId(copy).tag, why }, Date.now(), actor)
}
