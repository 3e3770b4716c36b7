/** Makes the copies of a preview that were asked for, in its own turn: none of its other steps runs meanwhile. */
import { keptLabels } from '../../shared/preview/copy-label.ts'
import { shownTag } from '../../shared/preview/copy-tag.ts'
import { logFields, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import { generationOf, type Image, type Preview } from '../../shared/preview/preview.ts'
import { copyImageName } from '../../shared/slots/container-name.ts'
import { EngineError } from '../../shared/engine/engine.ts'
import type { CopyWish } from '../../shared/store/store.ts'
import type { Config } from '../../shared/config/config.ts'
import type { Dependencies } from '../dependencies.ts'
import { whileFrozen } from '../data/freeze.ts'

type Needs = Pick<Dependencies, 'engine' | 'store' | 'volumes' | 'log'> & { config: Pick<Config, 'instance'> }

export async function makeCopies(deps: Needs, of: PreviewId): Promise<void> {
  const { store } = deps
  for (const wish of store.copies.list().filter((one) => one.of === of)) {
    const preview = store.get(of)
    if (!preview?.image || preview.state === 'removing') await giveUp(deps, wish, 'there is nothing of it any more')
    // It is tried again as it comes to rest.
    else if (isAtRest(preview)) await tryToMake(deps, wish, preview, preview.image)
  }
}

/** What comes up or goes has a container that is not what it will be. */
export function isAtRest(preview: Preview): boolean {
  if (preview.state === 'paused') return preview.phase === 'frozen'
  return preview.state === 'running' || preview.state === 'stopped' || preview.state === 'failed'
}

async function tryToMake(deps: Needs, wish: CopyWish, preview: Preview, image: Image): Promise<void> {
  try {
    await makeCopy(deps, wish, preview, image)
  } catch (error) {
    // It is tried again when the engine is back.
    if (error instanceof EngineError && error.code === 'engine-down') throw error
    deps.log.warn({ ...logFields(wish.of), as: shownTag(wish.copy), err: error }, 'a copy could not be made')
    await giveUp(deps, wish, (error as Error).message)
  }
}

async function makeCopy(deps: Needs, wish: CopyWish, preview: Preview, image: Image): Promise<void> {
  const { store, engine, volumes, config, log } = deps
  const { copy, of, kept } = wish
  const began = Date.now()
  const name = copyImageName(config.instance, copy)
  const standing = store.standing(of, began)
  const trusted = standing.is === 'free' && standing.isTrusted
  const container = kept ? (generationOf(preview)?.container ?? null) : null
  const labels = keptLabels(copy, { of: splitId(of).tag, at: began, trusted })
  const data = store.volumes.of(of)
  const salt = data.length > 0 ? store.stackSalts.of(of) : undefined
  await volumes.hasRoomFor(data)
  await volumes.filling(async (make) => {
    const made: string[] = []
    // With which image they are used is noted at its first start: to have another one is no push.
    for (const { name, keep } of data) made.push(await make({ id: copy, name, salt: salt!, snapshot: null, keep }))
    const fill = async () => {
      if (container === null) await engine.tagImage(served(preview, image), name)
      else await engine.commit(container, name, labels)
      await Promise.all(data.map((volume, i) => volumes.copy(volume.engine, made[i]!)))
    }
    const isQuick = container === null && data.length === 0
    const { frozen } = isQuick ? await fill().then(() => ({ frozen: 0 })) : await whileFrozen(deps, of, fill)
    const found = await engine.findImage(name)
    if (!found) throw new EngineError('missing', 'its image was removed as it was made')
    const ofCopy = { ...found, digest: container === null ? image.digest : null, pulled: false }
    if (!store.copies.made(wish, { image: ofCopy, volumes: made, salt, trusted, frozen: Math.ceil(frozen) }))
      return void (await engine.removeImage(name))
    for (const [i, { bytes }] of data.entries()) store.volumes.note(made[i]!, bytes ?? 0, Date.now())
    log.info(
      { ...wish.actor, ...logFields(copy), of: shownTag(of), kept, frozen: Math.ceil(frozen), ms: Date.now() - began },
      'copy made',
    )
  })
}

/** A newer image may be here already, and not serve yet. */
function served(preview: Preview, image: Image): string {
  return generationOf(preview)?.image ?? image.id
}

/** Nothing of it stays. */
async function giveUp({ store, engine, config }: Needs, wish: CopyWish, why: string): Promise<void> {
  const { copy, of, actor } = wish
  if (!store.get(copy)) await engine.removeImage(copyImageName(config.instance, copy))
  store.copies.forget(copy)
  store.noteDone(of, { type: 'notCopied', as: splitId(copy).tag, why }, Date.now(), actor)
}
