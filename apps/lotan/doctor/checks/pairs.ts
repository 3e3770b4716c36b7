import type { Config } from '../../../shared/config/config.ts'
import type { Finding } from '../../../shared/health/finding.ts'
import { judgePairs } from '../../../shared/health/pairs.ts'
import { keptFact } from '../../../shared/store/kept-rows.ts'
import { databaseOf } from '../../database/watch.ts'

/** With several repositories, once Lotan has run: whether previews can call each other. */
export function checkPairs(config: Pick<Config, 'dataDir' | 'repositories'>): Finding[] {
  if (config.repositories.length < 2) return []
  const [front, listens] = (['pairFront', 'pairListen'] as const).map((name) => keptFact(databaseOf(config), name))
  return front ? [judgePairs(front, listens ?? null)] : []
}
