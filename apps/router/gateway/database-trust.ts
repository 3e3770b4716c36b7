/** After damage to the database the reaper compares it with the engine: until then no route is given, no start made. */
import type { RequestHandler, Request, Response } from 'express'
import type { Facts } from '../../shared/store/facts.ts'
import type { StoreWatch } from '../watch/store-watch.ts'

/** Longer than the comparison takes with 50 running previews; without an engine it takes until the engine is back. */
const PATIENCE_MS = 10_000

type Known = Pick<Facts, 'get'>

export function isRebuilt({ facts }: { facts: Known }): boolean {
  return !facts.get('rebuilding')
}

export function onceRebuilt(
  { store, changes }: { store: { facts: Known }; changes: Pick<StoreWatch, 'until'> },
  onTimeout: (req: Request, res: Response) => unknown,
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
    return void onTimeout(req, res)
  }
}
