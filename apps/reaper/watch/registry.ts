/** How the registry answers: noted as its tags are read, so that it costs no request. */
import { isSlow, type RegistryHealth } from '../../shared/health/registry.ts'
import { median } from '../../shared/median.ts'
import { RegistryError, type Registry } from '../../shared/registry/registry.ts'

/** The median is of so many answers, and of no fewer than `ENOUGH`. */
const KEPT = 20
const ENOUGH = 3

export function watchRegistry(registry: Pick<Registry, 'tags'>, now: () => number = Date.now) {
  let health: RegistryHealth | null = null
  const durations: number[] = []

  function note(took: number, tags: number | null, error: RegistryHealth['error']): void {
    const usual = durations.length < ENOUGH ? null : median(durations)!
    const isWrong = error !== null || isSlow({ took, usual })
    health = { at: now(), took, usual, tags, error, since: isWrong ? (health?.since ?? now()) : null }
    if (error === null) durations.push(took)
    if (durations.length > KEPT) durations.shift()
  }

  return {
    /** Null before the first answer. */
    health: (): RegistryHealth | null => health,

    registry: {
      async tags(...given: Parameters<Registry['tags']>): ReturnType<Registry['tags']> {
        const began = performance.now()
        const took = () => Math.round(performance.now() - began)
        try {
          const tags = await registry.tags(...given)
          note(took(), tags.length, null)
          return tags
        } catch (error) {
          if (error instanceof RegistryError) note(took(), null, { code: error.code, says: error.message })
          throw error
        }
      },
    },
  }
}
