/** What previews took and how often they were asked: a row a preview and minute, for an hour. */
import type { Database } from 'better-sqlite3'
import { splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'
import { BY_KEY } from './previews.ts'

export const SAMPLE_EVERY_MS = 60_000
const KEPT_MS = 60 * 60_000

export interface Sample {
  /** Bytes; null where it did not run. */
  memory: number | null
  /** Processors, on average since the sample before; null where that is not known. */
  cpu: number | null
  /** Since the sample before. */
  requests: number
}

export type SampleAt = Sample & { at: number }

export function usageSamples(db: Database) {
  const insert = db.prepare(`
    INSERT OR REPLACE INTO sample (repository, tag, at, memory, cpu, requests)
    VALUES (@repository, @tag, @at, @memory, @cpu, @requests)
  `)
  // A time ahead predates a clock reset.
  const prune = db.prepare('DELETE FROM sample WHERE at <= @before OR at > @now')
  const selectOld = db.prepare('SELECT 1 FROM sample WHERE at <= @before LIMIT 1')
  const upsertMemory = db.prepare(`
    INSERT OR REPLACE INTO last_memory (repository, tag, at, memory)
    VALUES (@repository, @tag, @at, @memory)
  `)
  const select = db.prepare<PreviewKey & { after: number }, SampleAt>(`
    SELECT at, memory, cpu, requests FROM sample WHERE ${BY_KEY} AND at > @after ORDER BY at
  `)
  const selectMemories = db.prepare<[], PreviewKey & { memory: number }>(
    'SELECT repository, tag, memory FROM last_memory',
  )
  const forget = db.prepare('DELETE FROM last_memory WHERE at < @before')

  const note = db.transaction((samples: ReadonlyMap<PreviewId, Sample>, now: number) => {
    prune.run({ before: now - KEPT_MS, now })
    for (const [id, sample] of samples) {
      insert.run({ ...splitId(id), at: now, ...sample })
      if (sample.memory !== null) upsertMemory.run({ ...splitId(id), at: now, memory: sample.memory })
    }
  })

  return {
    /** One commit, and none where nothing is to be written: each wakes all who wait for a change. */
    noteSamples(samples: ReadonlyMap<PreviewId, Sample>, now: number): void {
      if (samples.size > 0 || selectOld.get({ before: now - KEPT_MS })) note.immediate(samples, now)
    },

    /** Of the last hour, oldest first. */
    samples: (id: PreviewId, now: number): SampleAt[] => select.all({ ...splitId(id), after: now - KEPT_MS }),

    /** What each preview, removed ones too, took when it was last measured. Bytes. */
    lastMemories: () => selectMemories.all(),

    forgetMemories: (before: number) => void forget.run({ before }),
  }
}
