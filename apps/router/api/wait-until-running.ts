/**
 * Where a newer image was asked for, or is taking over, the caller waits until that one runs or is given up. One that
 * was only noticed, and is still being pulled, delays no caller.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Actor } from '../../shared/actor.ts'
import { isAsked } from '../../shared/preview/image-update.ts'
import { isMissing, isOutdated, startsAgain, type In, type Preview } from '../../shared/preview/preview.ts'
import type { Store } from '../../shared/store/store.ts'
import type { RouterContext } from '../context.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'

/** How often to look for a tag that may still be being pushed. */
const ASK_AGAIN_MS = 2_000

/** Far less than what a preview may be idle for. */
const TOUCH_MS = 2_000

/**
 * So long after an update nginx may still use the older container's slot: an answer lives 2 s and is used for 1 s more
 * while nginx asks. nginx reckons in whole seconds, which makes that 4 s less a moment; and it may get one as it moves.
 */
const MOVED_MS = 4_500

/** `missing`: the registry said that it has no such tag. */
export type Waited =
  | { end: 'running'; preview: In<'running'> }
  | { end: 'failed'; preview: In<'failed'> }
  | { end: 'stopped'; preview: Preview | undefined }
  | { end: 'late'; preview: Preview | undefined; missing: boolean }

/** Waiting counts as activity. @param options.signal raised when the client hangs up: the wait ends as `late` */
export async function waitUntilRunning(
  id: PreviewId,
  { store, nudges, changes, waiters }: Pick<RouterContext, 'store' | 'nudges' | 'changes' | 'waiters'>,
  { deadline, signal, actor }: { deadline: number; signal: AbortSignal; actor: Actor },
): Promise<Waited> {
  let missing = false
  let leave: (() => void) | undefined
  const touch = () => store.touch([[id, Date.now()]])
  const touching = setInterval(touch, TOUCH_MS)
  try {
    return await wait()
  } finally {
    clearInterval(touching)
    leave?.()
  }

  async function wait(): Promise<Waited> {
    for (;;) {
      const asked = store.apply(id, { type: 'start', by: 'api' }, Date.now(), actor)
      if (asked) await nudges.nudge(asked)
      leave ??= waiters.comes(id, 'program')
      touch()

      const settled = await changes.until(() => settledAs(id, store), { deadline, signal })
      if (!settled) return late()
      if (settled !== 'missing') {
        const rest = settled.end === 'running' ? movedAt(settled.preview) + MOVED_MS - Date.now() : 0
        // A longer rest comes from a clock that has stepped back.
        if (rest > 0 && rest <= MOVED_MS) {
          const left = deadline - Date.now()
          await sleep(Math.max(0, Math.min(rest, left)), undefined, { signal }).catch(() => {})
          if (signal.aborted || rest > left) return late()
          continue
        }
        touch()
        return settled
      }
      missing = true
      const again = Date.now() + ASK_AGAIN_MS
      // A click may bring it back before that.
      const isBack = () => (store.get(id) && settledAs(id, store) !== 'missing' ? true : undefined)
      const back = await changes.until(isBack, { deadline: Math.min(again, deadline), signal })
      // By the clock alone, a timer that fires a moment early would ask once more.
      if (signal.aborted || Date.now() >= deadline || (!back && again >= deadline)) return late()
    }
  }

  /** Asked again, a tag counts as missing until something of it has come. */
  function late(): Waited {
    const preview = store.get(id)
    const arrives = preview?.image || (preview?.state === 'pulling' && preview.progress)
    return { end: 'late', preview, missing: missing && !arrives }
  }
}

function settledAs(id: PreviewId, store: Store): Waited | 'missing' | undefined {
  const preview = store.get(id)
  if (!preview) return store.missing(id) === undefined ? { end: 'stopped', preview } : 'missing'
  switch (preview.state) {
    case 'running':
      if (isAsked(preview) || preview.pending || isOutdated(preview)) return undefined
      return { end: 'running', preview }
    case 'failed':
      // The first push to a registry makes the repository too.
      return isMissing(preview) || preview.reason.code === 'no-repository' ? 'missing' : { end: 'failed', preview }
    case 'stopped':
      return { end: 'stopped', preview }
    case 'stopping':
    case 'removing':
      // Another request, made after this one.
      return startsAgain(preview) ? undefined : { end: 'stopped', preview }
    default:
      return undefined
  }
}

/** 0 where no older generation is left. */
function movedAt({ retiring }: Preview): number {
  return Math.max(0, ...retiring.map(({ since }) => since))
}
