/** What a part of a stack may take: what the stack says, within the ceilings. Pure. */
import type { Limits } from '../config/limits.ts'
import { bytesOf } from '../config/values/amount.ts'
import type { Part } from './stack.ts'

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
