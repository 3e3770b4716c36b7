/** How far a pull is, as whoever waits for it is told: noted from one telling to the next. */
import assert from 'node:assert/strict'
import type { Progress } from '../../shared/preview/preview.ts'
import type { Store } from '../../shared/store/store.ts'

/** Notes every other progress that the store has of a tag while it is pulled, oldest first, until it is stopped. */
export function noteProgress(store: Pick<Store, 'get'>, tag: string) {
  const seen: Progress[] = []
  const timer = setInterval(() => {
    const preview = store.get(tag)
    if (preview?.state !== 'pulling' || !preview.progress) return
    if (JSON.stringify(preview.progress) !== JSON.stringify(seen.at(-1))) seen.push(preview.progress)
  }, 5).unref()
  return { seen, stop: () => clearInterval(timer) }
}

/** Fails where one of these is less than it was a step before. */
export function assertForwards(
  steps: readonly Progress[],
  fields: readonly (keyof Progress)[] = ['bytes', 'total', 'layers', 'layersDone', 'percent'],
) {
  for (const [i, step] of steps.slice(1).entries())
    for (const field of fields)
      assert.ok(
        step[field]! >= steps[i]![field]!,
        `${field} from ${JSON.stringify(steps[i])} to ${JSON.stringify(step)}`,
      )
}
