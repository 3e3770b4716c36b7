/**
 * Whether the database can be gone by. Where it was begun anew while Lotan ran, or was replaced, it is not known for a few
 * seconds what runs where: nobody is sent anywhere then, and nothing is started that may run already.
 */
import type { RequestHandler, Request, Response } from 'express'
import type { Store } from '../../shared/store/store.ts'
import type { StoreWatch } from '../watch/store-watch.ts'

/** Longer than it takes, with 50 previews that run; the engine may be away, and then it takes as long as that. */
const PATIENCE_MS = 10_000

type Meta = Pick<Store['meta'], 'get'>

export function isRebuilt({ meta }: { meta: Meta }): boolean {
  return meta.get('rebuilding') !== 'yes'
}

/**
 * Has requests wait until it is rebuilt.
 * @param otherwise answers where that takes too long
 */
export function onceRebuilt(
  { store, changes }: { store: { meta: Meta }; changes: Pick<StoreWatch, 'until'> },
  otherwise: (req: Request, res: Response) => unknown,
): RequestHandler {
  return async (req, res, next) => {
    if (isRebuilt(store)) return next()
    const gone = new AbortController()
    res.on('close', () => gone.abort())
    const rebuilt = await changes.until(() => isRebuilt(store) || undefined, {
      deadline: Date.now() + PATIENCE_MS,
      signal: gone.signal,
    })
    if (gone.signal.aborted) return
    if (rebuilt) return next()
    return void otherwise(req, res)
  }
}
