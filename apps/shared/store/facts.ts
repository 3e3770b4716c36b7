/** What one process has found out and another, or the next run, has to know: a row each. */
import type { Database } from 'better-sqlite3'
import type { Written } from '../disk-space.ts'
import type { ForgeHealth } from '../health/forge.ts'
import { NAMELESS } from '../preview/preview-id.ts'
import type { Lately } from '../preview/start-times.ts'
import type { SlotKind } from '../slots/slots.ts'

/** An empty text is no fact: earlier versions took a fact back so. */
interface Form<T> {
  key: string
  /** Undefined, or a throw, where the text is another version's: then it has not been found out. */
  read: (text: string) => T | undefined
  write: (value: T) => string
}

const text = <T extends string = string>(key: string): Form<T> => ({ key, read: (it) => it as T, write: (it) => it })
const number = (key: string): Form<number> => ({
  key,
  read: (it) => (Number.isFinite(Number(it)) ? Number(it) : undefined),
  write: String,
})
const flag = (key: string): Form<true> => ({ key, read: () => true, write: () => 'yes' })
const json = <T>(key: string, isOne: (value: unknown) => boolean): Form<T> => ({
  key,
  read(it) {
    const value: unknown = JSON.parse(it)
    return isOne(value) ? (value as T) : undefined
  },
  write: (it) => JSON.stringify(it),
})

const isList = (isOne: (value: unknown) => boolean) => (value: unknown) => Array.isArray(value) && value.every(isOne)
const isText = (value: unknown) => typeof value === 'string'
const isObject = (isOne: (value: unknown) => boolean) => (value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isOne)

/** At least one of the two is null. */
export interface PairFront {
  address: string | null
  why: string | null
}

const isPairFront = (value: unknown) =>
  isObject((one) => one === null || isText(one))(value) && ['address', 'why'].every((key) => key in (value as object))

const isForgeHealth = (value: unknown) =>
  typeof value === 'object' && value !== null && 'away' in value && 'lacks' in value && isList(isText)(value.lacks)

/** A row of the history, and those behind it that are done too: `ID/AT`, since a row that goes leaves its id to another. */
export interface Notified {
  upTo: number
  done: string[]
}

const isNotified = (value: unknown) =>
  typeof value === 'object' &&
  value !== null &&
  'upTo' in value &&
  Number.isInteger(value.upTo) &&
  'done' in value &&
  isList(isText)(value.done)

/** A fact that is not there has not been found out, or is not so. */
const forms = {
  // Where slots are: the queue-processor says so, for all others.
  subnet: text('subnet'),
  slotKind: text<SlotKind>('slot_kind'),
  /** What the networks of stacks are subnets of. */
  stackPool: text('stack_pool'),
  /** They stay reserved while slots are addresses. `[0]` is slot 1's. */
  slotPorts: json<number[]>('slot_ports', isList(Number.isInteger)),
  /** Where previews reach the front, to call those that they go with; else why they cannot. */
  pairFront: json<PairFront>('pair_front', isPairFront),
  /** Where nginx listens for them, `10.83.0.1:8080`; else why not, or both null while that address is not there. */
  pairListen: json<PairFront>('pair_listen', isPairFront),
  /** Why slots are of this kind. This and `unreachable` are for the console. */
  slotWhy: text('slot_why'),
  unreachable: text('unreachable'),
  /** `why`: what the firewall cannot shield, for the console; null where it shields all. */
  firewall: {
    key: 'guarded',
    read: (it) => ({ why: it === 'yes' ? null : it }),
    write: ({ why }) => why ?? 'yes',
  } as Form<{ why: string | null }>,
  /** The queue-processor's container lost its way to the previews. */
  cutOff: flag('cut_off'),

  // Of the pool.
  slotsGiven: number('slots_given'),
  lastSlot: number('last_slot'),
  /** `poolPort`: what the last preview answered on. `poolPortInUse`: what nginx's upstream groups were written for. */
  poolPort: number('pool_port'),
  poolPortInUse: number('pool_port_in_use'),

  // `compared`: the reaper has compared the database with the engine. `rebuilding`: it is empty, and waits for that.
  compared: flag('compared'),
  rebuilding: flag('rebuilding'),
  /** nginx waits for that comparison: the launcher says so to the router. */
  nginxWaits: flag('nginx_waits'),
  /** HOST/NAME by the repository's name: the reaper notices that the settings have changed. */
  repositories: json<Record<string, string>>('repositories', isObject(isText)),

  /** Starts wait since the machine has no memory left for them. */
  memoryFull: flag('memory_full'),

  /** Of pull requests: a repository's. */
  forge: json<ForgeHealth>('forge', isForgeHealth),
  /** Which changes of the history LOTAN_NOTIFY_URL was told of. */
  notified: json<Notified>('notified', isNotified),

  written: json<Written>('written', isObject(Number.isFinite)),
  lately: json<Partial<Lately>>('lately', isObject(isList(Number.isFinite))),
  /** How many times larger images are unpacked than packed: a repository's. */
  unpacked: json<number[]>('unpacked', isList(Number.isFinite)),
  /** Images whose program must be process 1. */
  firstProcesses: json<string[]>('first_processes', isList(isText)),
}

export type FactName = keyof typeof forms
export type Fact<N extends FactName> = NonNullable<ReturnType<(typeof forms)[N]['read']>>
export type Facts = ReturnType<typeof storeFacts>['facts']

/** The nameless one's are where they were when it was the only one. */
export function keyOf(key: string, repository: string): string {
  return repository === NAMELESS ? key : `${key}/${repository}`
}

/** So many pulls and starts are kept. */
const LATELY = 20

export function storeFacts(db: Database) {
  const select = db.prepare<[string], string>('SELECT value FROM meta WHERE key = ?').pluck()
  const upsert = db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)')
  const remove = db.prepare('DELETE FROM meta WHERE key = ?')
  const formOf = <N extends FactName>(name: N) => forms[name] as unknown as Form<Fact<N>>

  const facts = {
    /** @param repository whose it is, where each has its own */
    get<N extends FactName>(name: N, repository = NAMELESS): Fact<N> | undefined {
      const { key, read } = formOf(name)
      const found = select.get(keyOf(key, repository))
      try {
        return found ? read(found) : undefined
      } catch {
        return undefined
      }
    },

    set<N extends FactName>(name: N, value: Fact<N>, repository = NAMELESS): void {
      const { key, write } = formOf(name)
      upsert.run(keyOf(key, repository), write(value))
    },

    forget: (name: FactName, repository = NAMELESS): void => void remove.run(keyOf(forms[name].key, repository)),
  }

  const lately = (): Lately => ({ pullRate: [], start: [], ...facts.get('lately') })

  return {
    facts,

    lately,

    /** In the transaction of the change that tells it. */
    noteLately(what: keyof Lately, value: number): void {
      const { pullRate, start } = lately()
      facts.set('lately', { pullRate, start, [what]: [...{ pullRate, start }[what], value].slice(-LATELY) })
    },
  }
}
