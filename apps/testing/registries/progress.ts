/** The progress of a pull, as the store shows it. */
import assert from 'node:assert/strict'
import type { Progress } from '../../shared/preview/start-times.ts'
import type { Store } from '../../shared/store/store.ts'

/** Oldest first, without repetitions, until stopped. */
export function noteProgress(store: Pick<Store, 'get'>, tag: string) {
  const seen: Progress[] = []
  const timer = setInterval(() => {
    const preview = store.get(tag)
    if (preview?.state !== 'pulling' || !preview.progress) return
    if (JSON.stringify(preview.progress) !== JSON.stringify(seen.at(-1))) seen.push(preview.progress)
  }, 5).unref()
  return { seen, stop: () => clearInterval(timer) }
}

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
