/**
 * Lanes whose steps wait for a registry. Each repository has such a lane's whole width to itself: one whose registry does
 * not answer holds up no other's previews.
 */
import { splitId } from '../shared/preview/preview-id.ts'
import type { Lane, Nudge } from '../shared/queue.ts'
import type { Log } from '../shared/log.ts'

const registryLanes: readonly Lane[] = ['lookup', 'prepull', 'update', 'batch', 'pull']

type Handle = (lane: Lane, nudge: Nudge) => Promise<void>

interface Share {
  underWay: number
  /** By what they ask for. In memory alone: who asks again after a crash finds the same previews due. */
  waiting: Map<string, Nudge>
}

/** Of all repositories together. @param widths of one repository */
export function allWidths(widths: Record<Lane, number>, repositories: number): Record<Lane, number> {
  const all = { ...widths }
  for (const lane of registryLanes) all[lane] *= repositories
  return all
}

/** A nudge beyond its repository's width waits here, and holds no place of the lane. */
export function openRegistryLanes(widths: Record<Lane, number>, handle: Handle, log: Log): Handle {
  const shares = new Map<string, Share>()

  function shareOf(lane: Lane, { id }: Nudge): Share {
    const key = `${lane} ${splitId(id).repository}`
    const share = shares.get(key) ?? { underWay: 0, waiting: new Map<string, Nudge>() }
    shares.set(key, share)
    return share
  }

  async function take(share: Share, lane: Lane, nudge: Nudge): Promise<void> {
    share.underWay++
    try {
      await handle(lane, nudge)
    } finally {
      share.underWay--
      const next = takeNext(share, lane)
      if (next)
        void take(share, lane, next).catch((err: unknown) => log.error({ lane, id: next.id, err }, 'job failed'))
    }
  }

  return async function attend(lane, nudge) {
    if (!registryLanes.includes(lane)) return handle(lane, nudge)
    const share = shareOf(lane, nudge)
    if (share.underWay < widths[lane]) return take(share, lane, nudge)
    share.waiting.set(`${nudge.id} ${nudge.refresh ?? false} ${nudge.prepull ?? false}`, nudge)
  }
}

/** As the lanes themselves do: the image that was last asked for is prepulled first. */
function takeNext({ waiting }: Share, lane: Lane): Nudge | undefined {
  const keys = [...waiting.keys()]
  const key = lane === 'prepull' ? keys.at(-1) : keys[0]
  if (key === undefined) return undefined
  const nudge = waiting.get(key)
  waiting.delete(key)
  return nudge
}
