/** What a part of a stack may take: what the stack says, within the ceilings. Pure. */
import type { Limits } from '../config/limits.ts'
import { bytesOf } from '../config/values/amount.ts'
import type { Part, Stack } from './stack.ts'

/** @param usual what counts where the stack says nothing */
export function partLimits(
  { memory, cpus, pids }: Pick<Part, 'memory' | 'cpus' | 'pids'>,
  usual: Limits,
  { ceilings, limits }: { ceilings: Omit<Limits, 'pids'>; limits: Pick<Limits, 'pids'> },
): Limits {
  const wanted = memory ?? usual.memory
  return {
    memory: bytesOf(wanted)! <= bytesOf(ceilings.memory)! ? wanted : ceilings.memory,
    cpus: Math.min(cpus ?? usual.cpus, ceilings.cpus),
    pids: Math.min(pids ?? usual.pids, limits.pids),
  }
}

/** Bytes that a preview may take with all of its services. @param application the limits of its own container, by labels and settings */
export function memoryOf(
  stack: Stack | null,
  application: Limits,
  config: { ceilings: Omit<Limits, 'pids'>; limits: Limits },
): number {
  if (!stack) return bytesOf(application.memory)!
  const all = [
    partLimits(stack.app, application, config),
    ...stack.services.map((one) => partLimits(one, config.limits, config)),
  ]
  return all.reduce((sum, { memory }) => sum + bytesOf(memory)!, 0)
}
