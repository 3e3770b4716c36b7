/** Freezes a preview for a copy of its data: what is written at that moment is whole, as after a power cut. */
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import type { Dependencies } from '../dependencies.ts'

type Needs = Pick<Dependencies, 'engine' | 'store'>

/**
 * Its application first, then its services, each after those that need it; they go on in the other order.
 * @returns what `work` gives, and how long containers stood still, milliseconds: 0 where none ran
 * @throws EngineError, or what `work` throws: they go on all the same
 */
export async function whileFrozen<T>(
  { engine }: Needs,
  id: PreviewId,
  work: () => Promise<T>,
): Promise<{ result: T; frozen: number }> {
  const { containers, services } = await engine.listBoth(id)
  const isRunning = ({ status }: { status: string }) => status === 'running'
  const levels = [...new Set(services.map(({ level }) => level))].sort((a, b) => b - a)
  const rounds = [containers, ...levels.map((level) => services.filter((service) => service.level === level))]
    .map((round) => round.filter(isRunning).map((container) => container.id))
    .filter((round) => round.length > 0)
  const frozen: string[][] = []
  const began = performance.now()
  try {
    for (const round of rounds) {
      frozen.unshift(round)
      await Promise.all(round.map((container) => engine.pause(container)))
    }
    const result = await work()
    return { result, frozen: rounds.length > 0 ? performance.now() - began : 0 }
  } finally {
    for (const round of frozen) await Promise.all(round.map((container) => engine.unpause(container)))
  }
}

/** What a crash left frozen goes on. */
export async function thaw({ engine, store }: Needs, id: PreviewId): Promise<void> {
  if (store.get(id)?.state !== 'running') return
  const { containers, services } = await engine.listBoth(id)
  for (const { id: container, status } of [...services, ...containers])
    if (status === 'paused') await engine.unpause(container)
}
