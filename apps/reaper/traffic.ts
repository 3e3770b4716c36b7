/** The traffic of previews since the reaper began: of the busiest ones by name, of all other hosts together. */
import type { PreviewId } from '../shared/preview/preview-id.ts'
import { add, none, type Traffic } from './count-requests.ts'

/** Each of them is some five series of the metrics. */
export const MOST_NAMED = 50
/** What a preview's earlier requests weigh a look later: half after ten minutes of looks every 5 s. */
const FADES_TO = 0.5 ** (5 / 600)
/** A busier one takes the place of another, not one that is about as busy: a series that comes and goes is worth little. */
const BUSIER = 2

/** Counts only grow: what once was counted with the others stays there, and who gets a name begins at zero. */
export function openTraffic(most = MOST_NAMED) {
  const named = new Map<PreviewId, Traffic>()
  const other = none()
  const weights = new Map<PreviewId, number>()
  let lately = new Map<PreviewId, number>()

  function name(id: PreviewId): Traffic | undefined {
    const known = named.get(id)
    if (known) return known
    if (named.size >= most) {
      const [lightest] = [...named.keys()].sort((a, b) => weightOf(a) - weightOf(b))
      if (weightOf(id) <= BUSIER * weightOf(lightest!)) return undefined
      named.delete(lightest!)
    }
    named.set(id, none())
    return named.get(id)
  }

  function weightOf(id: PreviewId): number {
    return weights.get(id) ?? 0
  }

  return {
    /** @param batch by host, since the last call @param previews by host, all that there are */
    add(batch: ReadonlyMap<string, Traffic>, previews: ReadonlyMap<string, PreviewId>): void {
      const known = new Set(previews.values())
      for (const id of named.keys()) if (!known.has(id)) named.delete(id)
      for (const [id, weight] of weights)
        if (known.has(id)) weights.set(id, weight * FADES_TO)
        else weights.delete(id)
      for (const [host, traffic] of batch) {
        const id = previews.get(host)
        if (id === undefined) {
          add(other, traffic)
          continue
        }
        lately.set(id, (lately.get(id) ?? 0) + traffic.requests)
        weights.set(id, weightOf(id) + traffic.requests)
        add(name(id) ?? other, traffic)
      }
    },

    read: (): { previews: Record<PreviewId, Traffic>; other: Traffic } => ({
      previews: Object.fromEntries(named),
      other,
    }),

    /** Requests by preview, since the last call. */
    takeRequests(): ReadonlyMap<PreviewId, number> {
      const taken = lately
      lately = new Map()
      return taken
    },
  }
}
