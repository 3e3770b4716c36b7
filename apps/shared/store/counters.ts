/** What has happened how often, in all processes and over their restarts: counted with the change that it is. */
import type { Database } from 'better-sqlite3'
import type { Tally } from '../preview/tally.ts'

export type CounterName = Tally['name']
/** By name and label; what has never happened is not in it. */
export type Counters = Partial<Record<CounterName, Record<string, number>>>

export function counterRows(db: Database) {
  const add = db.prepare(`
    INSERT INTO counter (name, label, value)
    VALUES (@name, @label, @by)
    ON CONFLICT (name, label) DO UPDATE SET value = value + excluded.value
  `)
  const selectAll = db.prepare<[], { name: CounterName; label: string; value: number }>(
    'SELECT name, label, value FROM counter',
  )

  return {
    /** In the transaction of the change. */
    tally(tallies: readonly Tally[]): void {
      for (const each of tallies) add.run(each)
    },

    counters(): Counters {
      const counters: Counters = {}
      for (const { name, label, value } of selectAll.all()) (counters[name] ??= {})[label] = value
      return counters
    },
  }
}
