/** One watch of the database serves all waiters, and finds the commits of every process. */
import type { Preview, State } from '../../shared/preview/preview.ts'
import type { Store } from '../../shared/store/store.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'

export type StoreWatch = ReturnType<typeof watchStore>

/** Node fires a longer timer at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1
/** The kernel may report the last write of a commit before the commit can be seen. */
const COMMITTED_MS = 1

/** @param options.everyMs how often it looks where the kernel reports no write */
export function watchStore(
  store: Pick<Store, 'version' | 'list' | 'get' | 'stateOf' | 'onWrite'>,
  { everyMs }: { everyMs: number },
) {
  const listeners = new Set<() => void>()
  let seen = 0
  let stop = () => {}
  let known = { version: -1, byId: new Map<PreviewId, Preview | undefined>(), states: new Map<PreviewId, State>() }

  function look() {
    const version = store.version()
    if (version === seen) return
    seen = version
    for (const listener of [...listeners]) if (listeners.has(listener)) listener()
  }

  function watch(): () => void {
    let again: NodeJS.Timeout | undefined
    const off = store.onWrite(() => {
      // First: what it finds may end the watch, and this with it.
      again ??= setTimeout(() => {
        again = undefined
        look()
      }, COMMITTED_MS)
      look()
    })
    const polling = setInterval(look, everyMs)
    return () => {
      off()
      clearTimeout(again)
      clearInterval(polling)
    }
  }

  /** Several commits may come as one call. @returns stops it */
  function on(listener: () => void): () => void {
    const mine = () => listener()
    if (listeners.size === 0) {
      seen = store.version()
      stop = watch()
    }
    listeners.add(mine)
    return () => {
      listeners.delete(mine)
      if (listeners.size === 0) stop()
    }
  }

  /** The version is read first: a commit between the two reads then costs a second read, never a stale one. */
  function sinceLastCommit() {
    const version = store.version()
    if (known.version !== version) known = { version, byId: new Map(), states: new Map() }
    return known
  }

  return {
    on,

    /** By repository and tag. Do not change them. */
    previews: store.list,

    /** Kept until the next commit, since hundreds of requests may wait for the same preview. Do not change it. */
    preview(id: PreviewId): Preview | undefined {
      const { byId } = sinceLastCommit()
      if (!byId.has(id)) byId.set(id, store.get(id))
      return byId.get(id)
    },

    /** Of a preview that is waited for: most commits are of others. */
    state(id: PreviewId): State {
      const { states } = sinceLastCommit()
      const state = states.get(id) ?? store.stateOf(id)
      states.set(id, state)
      return state
    },

    /** @param check cheap, since it runs after every commit @returns undefined past the deadline, or when aborted */
    async until<T>(
      check: () => T | undefined,
      { deadline, signal }: { deadline: number; signal?: AbortSignal },
    ): Promise<T | undefined> {
      if (signal?.aborted) return undefined
      const { promise, resolve, reject } = Promise.withResolvers<T | undefined>()
      const attempt = () => {
        try {
          const found = check()
          if (found !== undefined) resolve(found)
        } catch (error) {
          reject(error)
        }
      }
      const giveUp = () => resolve(undefined)
      // Listening begins before the first check, so that no commit falls between the two.
      const off = on(attempt)
      const left = Math.max(0, Math.min(deadline - Date.now(), LONGEST_TIMER_MS))
      const timeout = setTimeout(giveUp, left)
      signal?.addEventListener('abort', giveUp)
      try {
        attempt()
        return await promise
      } finally {
        off()
        clearTimeout(timeout)
        signal?.removeEventListener('abort', giveUp)
      }
    },
  }
}
