import type { System } from '../../shared/api/system.ts'
import { countsAsRunning, isPinned, type Preview } from '../../shared/preview/preview.ts'

export function placesOf(previews: readonly Preview[], most: number, now: number): System['previews'] {
  const up = previews.filter(({ state }) => countsAsRunning(state))
  return {
    running: up.length,
    most,
    pinned: up.filter((preview) => isPinned(preview, now)).length,
    byState: counted(previews.map(({ state }) => state)),
  }
}

export function counted(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    Array.from(
      Map.groupBy(names, (name) => name),
      ([name, all]) => [name, all.length],
    ),
  )
}
