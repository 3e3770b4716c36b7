/**
 * Ends the processes that use the database, moves a damaged file aside and has the reaper rebuild it from the engine.
 * Until then nginx serves the routes in its cache, and the router gives no new ones.
 */
import path from 'node:path'
import type { Config } from '../../shared/config/config.ts'
import { DAMAGED, setAsideIfCorrupt, whatIsDamaged } from '../../shared/store/store.ts'
import type { Say } from '../console.ts'
import { databaseOf, watchStore, withoutWatches, withStore } from './watch.ts'
import type { Fact, FactName } from '../../shared/store/facts.ts'
import { takeLock } from '../supervisor/lock.ts'
import type { End, SupervisedProcess } from '../supervisor/process/process.ts'
import { eachSecond } from '../each-second.ts'
import { waitFor } from '../wait-for.ts'

/** nginx was started with these: they must survive the repair. */
const NGINX_FACTS = ['subnet', 'slotKind', 'slotPorts', 'slotWhy', 'poolPort', 'poolPortInUse', 'firewall'] as const
const ENDED_MS = 5_000
const LOCK_MS = 2_000

const LOST = 'what stopped previews had written, all history and the times of last visits are lost'

export type DatabaseRepair = ReturnType<typeof openDatabaseRepair>

export function openDatabaseRepair(
  config: Config,
  databaseUsers: () => Iterable<Pick<SupervisedProcess, 'pid' | 'restart'>>,
  say: Say,
) {
  const kept = new Map<FactName, Fact<FactName>>()
  let isDue = false
  let repairing: Promise<void> | undefined

  const read = watchStore(config)
  let isRebuilding = false
  const keepFacts = () =>
    read(({ facts, list }) => {
      if (facts.get('rebuilding')) return
      if (isRebuilding) say(`the database is rebuilt: it knows ${list().length} running previews`, 'good')
      isRebuilding = false
      for (const name of NGINX_FACTS) {
        const value = facts.get(name)
        if (value !== undefined) kept.set(name, value)
      }
    })
  eachSecond(keepFacts)

  async function repair(): Promise<void> {
    for (const user of databaseUsers()) if (user.pid() !== undefined) user.restart()
    await waitFor(() => [...databaseUsers()].every((user) => user.pid() === undefined), { within: ENDED_MS, every: 5 })
    await withoutWatches(() => withDatabaseLock(config, startRebuild))
    isDue = false
    isRebuilding = true
  }

  async function startRebuild(): Promise<void> {
    const found = setAsideIfCorrupt(databaseOf(config))
    if (found)
      say(`the database was damaged (${found.wrong}) and was moved to ${found.aside}: ${LOST}; rebuilding it`, 'bad')
    else say('the database file was replaced: comparing it with what runs', 'bad')
    await withStore(config, (store) => {
      // Must come first: another launcher may start its processes at any moment.
      store.facts.set('rebuilding', true)
      store.facts.forget('compared')
      if (found) for (const [name, value] of kept) store.facts.set(name, value)
      store.restAll(Date.now())
    })
  }

  return {
    /**
     * Call it before each start of a process that uses the database. @param last how its last run ended
     * @throws when the database cannot be repaired now; the next call tries again
     */
    async before(last?: End): Promise<void> {
      isDue ||= last !== undefined && isForDamage(last, config)
      if (isDue) repairing ??= repair().finally(() => (repairing = undefined))
      await repairing
    },
  }
}

/** A crash counts too: SQLite may die of damage before it reports it. */
function isForDamage({ code, signal }: End, config: Config): boolean {
  if (code === DAMAGED) return true
  const isCrash = (code !== null && code !== 0) || ['SIGBUS', 'SIGSEGV', 'SIGABRT'].includes(signal ?? '')
  return isCrash && whatIsDamaged(databaseOf(config)) !== undefined
}

async function withDatabaseLock(config: Config, act: () => Promise<void>): Promise<void> {
  const lock = await waitFor(() => takeLock(path.join(config.dataDir, 'lock-database')), { within: LOCK_MS })
  try {
    await act()
  } finally {
    await lock?.release()
  }
}
