import type { RegistryCode } from '../preview/failure-reason.ts'
import { registryAdvice } from './advice.ts'
import { findings, type Finding } from './finding.ts'

/** How the registry answered when its tags were read last. Times are milliseconds, `at` and `since` of them since 1970. */
export interface RegistryHealth {
  at: number
  took: number
  /** The median of the answers before; null while there are too few. */
  usual: number | null
  tags: number | null
  error: { code: RegistryCode; says: string } | null
  /** Since when it has failed, or been slow, without a break. */
  since: number | null
}

const SLOW_MS = 1_000
const SLOWER = 3

export function isSlow({ took, usual }: Pick<RegistryHealth, 'took' | 'usual'>): boolean {
  return usual !== null && took >= SLOW_MS && took >= SLOWER * usual
}

export function judgeRegistry(health: RegistryHealth, repository: string): Finding {
  const { ok, warning, failure } = findings('registry')
  const { error, took, usual, tags } = health
  if (error) return failure(error.says, registryAdvice(error.code))
  if (!isSlow(health)) return ok(`${repository} has ${tags} tags`)
  return warning(
    `the registry answers slowly: its tags took ${seconds(took)}, usually ${seconds(usual!)}`,
    'pulls take longer too: check the registry, and the way from this machine to it',
  )
}

function seconds(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
