/**
 * Waiting for the store to change, whoever changes it: held requests, event streams and the API's `wait`.
 *
 * One poll of `store.version()` serves everybody, and there is none while nobody waits.
 */
import type { Preview } from '../../shared/preview/preview.ts'
import type { Store } from '../../shared/store/store.ts'

export type StoreWatch = ReturnType<typeof watchStore>

/** The longest a timer of Node's can be set to; a longer one fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Watches the store while somebody listens.
 *
 * @param options.every how often to look, milliseconds
 */
export function watchStore(store: Pick<Store, 'version' | 'list' | 'get'>, { every }: { every: number }) {
  const listeners = new Set<() => void>()
  let seen = 0
  let timer: NodeJS.Timeout | undefined
  let known = { version: -1, all: undefined as Preview[] | undefined, byTag: new Map<string, Preview | undefined>() }

  function look() {
    const version = store.version()
    if (version === seen) return
    seen = version
    for (const listener of [...listeners]) if (listeners.has(listener)) listener()
  }

  /**
   * Calls the listener after every commit from now on, several commits at once perhaps.
   * @returns stops it
   */
  function on(listener: () => void): () => void {
    const mine = () => listener()
    if (listeners.size === 0) {
      seen = store.version()
      timer = setInterval(look, every)
    }
    listeners.add(mine)
    return () => {
      listeners.delete(mine)
      if (listeners.size === 0) clearInterval(timer)
    }
  }

  /** What was read since the last commit. The version first: a commit between two reads costs one more read. */
  function sinceLastCommit() {
    const version = store.version()
    if (known.version !== version) known = { version, all: undefined, byTag: new Map() }
    return known
  }

  return {
    on,

    /** Every preview, by tag; read once for each commit, however many ask. Not to be changed. */
    previews: (): readonly Preview[] => (sinceLastCommit().all ??= store.list()),

    /** One preview, read once for each commit too: hundreds of requests may wait for it. Not to be changed. */
    preview(tag: string): Preview | undefined {
      const { byTag } = sinceLastCommit()
      if (!byTag.has(tag)) byTag.set(tag, store.get(tag))
      return byTag.get(tag)
    },

    /**
     * Waits until a check finds something: now, or after one of the next commits.
     *
     * @param check synchronous and cheap, since it runs after every commit
     * @param options.deadline milliseconds since 1970
     * @returns what the check found; undefined when the deadline passed or the signal was raised before that
     * @throws what the check throws
     */
    async until<T>(
      check: () => T | undefined,
      { deadline, signal }: { deadline: number; signal?: AbortSignal },
    ): Promise<T | undefined> {
      if (signal?.aborted) return undefined
      const { promise, resolve, reject } = Promise.withResolvers<T | undefined>()
      const tryIt = () => {
        try {
          const found = check()
          if (found !== undefined) resolve(found)
        } catch (error) {
          reject(error)
        }
      }
      const giveUp = () => resolve(undefined)
      // Listening begins before the first check, so that no commit falls between the two.
      const off = on(tryIt)
      const left = Math.max(0, Math.min(deadline - Date.now(), LONGEST_TIMER_MS))
      const late = setTimeout(giveUp, left)
      signal?.addEventListener('abort', giveUp)
      try {
        tryIt()
        return await promise
      } finally {
        off()
        clearTimeout(late)
        signal?.removeEventListener('abort', giveUp)
      }
    },
  }
}
