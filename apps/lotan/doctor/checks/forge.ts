import type { Config } from '../../../shared/config/config.ts'
import { findings, type Finding } from '../../../shared/health/finding.ts'
import { FINE, judgeForge } from '../../../shared/health/forge.ts'
import { keptFact } from '../../../shared/store/kept-rows.ts'
import { databaseOf } from '../../database/watch.ts'

/** Where there is a forge: as the part that asks it has noted last. */
export function checkForge(config: Pick<Config, 'dataDir' | 'forge'>, isRunning: boolean): Finding[] {
  const { ok } = findings('forge')
  return (config.forge?.repositories ?? []).flatMap(({ name, path }) => {
    if (!isRunning) return [ok(`pull requests of ${path} are read while Lotan runs`)]
    const found = judgeForge(keptFact(databaseOf(config), 'forge', name) ?? FINE, path)
    return found.length > 0 ? found : [ok(`pull requests of ${path} are read and told`)]
  })
}
