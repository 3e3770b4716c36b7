/** When a preview that nobody visits is due. The reaper acts by it and the admin page announces it. */
import type { Config } from './config.ts'
import type { Preview } from './preview.ts'

type Timeouts = Pick<Config, 'stopAfter' | 'rmiAfter'>

/**
 * What is due next with a preview, and when, milliseconds since 1970: `stop` it, or `clean` its container and image
 * away. Null where nothing is. The image's label `lotan.inactivity-stop-minutes` wins over the setting; a fresh start
 * counts as activity.
 */
export function dueOf(
  preview: Preview,
  { stopAfter, rmiAfter }: Timeouts,
): { what: 'stop' | 'clean'; at: number } | null {
  // A start that nobody has visited yet, the admin's or the API's, counts as a visit.
  const seen = Math.max(preview.lastSeen ?? 0, preview.stages.running ?? 0)
  if (preview.state === 'running') {
    const own = Number(preview.image?.labels['lotan.inactivity-stop-minutes'] || NaN)
    return { what: 'stop', at: Math.max(seen, preview.readyAt) + (own > 0 ? own * 60_000 : stopAfter) }
  }
  if (preview.state !== 'stopped' && preview.state !== 'failed') return null
  const generation = preview.state === 'stopped' ? preview.generation : null
  if (!preview.image && !generation) return null
  // Counted from the last visit; where there was none, or it ended in a failure, from then on.
  const from = seen && preview.state === 'stopped' ? seen : Math.max(seen, preview.since)
  return { what: 'clean', at: from + rmiAfter }
}
