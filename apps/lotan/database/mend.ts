/**
 * What becomes of a database that is damaged, or was replaced, while Lotan runs. Who works with it has ended; the others
 * are ended, a damaged file is moved aside, and what then is there counts as one of which nothing is known for sure: nobody
 * is sent anywhere by it before it was compared with what runs. nginx goes on all the while, by the routes that it has
 * just asked for.
 */
import path from 'node:path'
import type { Config } from '../../shared/config/config.ts'
import { DAMAGED, setAsideIfCorrupt, whatIsDamaged } from '../../shared/store/store.ts'
import type { Say } from '../console.ts'
import { databaseOf, watchStore, withoutLooks, withStore } from './watch.ts'
import { takeLock } from '../supervisor/lock.ts'
import type { End, SupervisedProcess } from '../supervisor/process.ts'
import { waitFor } from '../wait-for.ts'

/** What nginx was started with, and has to go on meaning the same. */
const FACTS = ['subnet', 'slot_kind', 'slot_ports', 'slot_why', 'pool_port', 'pool_port_in_use', 'guarded'] as const
const LOOK_MS = 1_000
const ENDED_MS = 5_000
const LOCK_MS = 2_000

const LOST = 'what stopped previews had written, all history and who was here last are lost'

export type Mend = ReturnType<typeof openMend>

/**
 * @param users those of this launcher's parts that work with the database
 * @param say what is to be told; each file that is moved aside is told of once
 */
export function openMend(config: Config, users: () => Iterable<Pick<SupervisedProcess, 'pid' | 'restart'>>, say: Say) {
  const facts = new Map<string, string>()
  let isDue = false
  let mending: Promise<void> | undefined

  const read = watchStore(config)
  let isRebuilding = false
  const remember = () =>
    read(({ meta, list }) => {
      if (meta.get('rebuilding') === 'yes') return
      if (isRebuilding) say(`the database is rebuilt: it knows ${list().length} previews that run`, 'good')
      isRebuilding = false
      for (const key of FACTS) {
        const value = meta.get(key)
        if (value !== undefined) facts.set(key, value)
      }
    })
  setInterval(remember, LOOK_MS).unref()

  async function mend(): Promise<void> {
    for (const user of users()) if (user.pid() !== undefined) user.restart()
    await waitFor(() => [...users()].every((user) => user.pid() === undefined), { within: ENDED_MS, every: 5 })
    await withoutLooks(() => alone(config, beginAnew))
    isDue = false
    isRebuilding = true
  }

  async function beginAnew(): Promise<void> {
    const found = setAsideIfCorrupt(databaseOf(config))
    if (found)
      say(`the database was damaged (${found.wrong}) and was moved to ${found.aside}: ${LOST}; rebuilding it`, 'bad')
    else say('the database was replaced: what it says is compared with what runs', 'bad')
    await withStore(config, (store) => {
      // First of all, since others may start their parts at any moment.
      store.meta.set('rebuilding', 'yes')
      store.meta.set('compared', '')
      if (found) for (const [key, value] of facts) store.meta.set(key, value)
      store.restAll(Date.now())
    })
  }

  return {
    /**
     * Sees to the database where it has to be. To be called before a part that works with it is started.
     * @param last how its last run ended; undefined where that tells nothing
     * @throws where it cannot be seen to now; the next call tries again
     */
    async before(last?: End): Promise<void> {
      isDue ||= last !== undefined && isForDamage(last, config)
      if (isDue) mending ??= mend().finally(() => (mending = undefined))
      await mending
    },
  }
}

/** A crash of SQLite's own may be for damage too; then that is found in the file. */
function isForDamage({ code, signal }: End, config: Config): boolean {
  if (code === DAMAGED) return true
  const isCrash = (code !== null && code !== 0) || ['SIGBUS', 'SIGSEGV', 'SIGABRT'].includes(signal ?? '')
  return isCrash && whatIsDamaged(databaseOf(config)) !== undefined
}

/** Launchers of single parts share the database: one at a time sees to it. */
async function alone(config: Config, see: () => Promise<void>): Promise<void> {
  const lock = await waitFor(() => takeLock(path.join(config.dataDir, 'lock-database')), { within: LOCK_MS })
  try {
    await see()
  } finally {
    await lock?.release()
  }
}
