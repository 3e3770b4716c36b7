/**
 * What is wanted and known, in SQLite: one row a preview, one row a state change.
 *
 * `apply` is the one place that changes a preview: read, `next`, write, in one immediate transaction. Whoever waits
 * for a change compares `version()`, which costs microseconds.
 */
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import Database from 'better-sqlite3'
import { next } from './life.ts'
import type { Log } from './log.ts'
import {
  generationOf,
  generationsOf,
  takesPlace,
  type Event,
  type Lately,
  type Preview,
  type Progress,
} from './preview.ts'
import { isPassing, keepRoom } from './store-full.ts'
import { offeredTags } from './store-offered.ts'
import { toGenerationRows, toPreview, toRow, type GenerationRow, type Row } from './store-rows.ts'
import { migrate } from './store-schema.ts'

/** A freed slot rests this long before another container may have its address: no cached answer lives longer. */
export const SLOT_REST_MS = 30_000
/** How long "the registry has no such tag" is remembered. */
export const MISSING_MS = 15_000
const HISTORY_PER_TAG = 200
/** From how many pulls and starts it is told how long the next one usually takes. */
const LATELY = 20

/** One state change, as the history keeps it. */
export interface Change {
  at: number
  was: string
  state: string
  event: string
  generation: number | null
  detail: string | null
}

/** An image that Lotan pulled for a tag. */
export interface Pulled {
  tag: string
  id: string
  repository: string
  digest: string
}

export type { OfferedTag } from './store-offered.ts'
export type Store = ReturnType<typeof openStore>

/**
 * Opens the database, bringing its schema up to date.
 *
 * @param file where it lies; its directory exists
 * @param options.slots how many slots the pool has, for the processes that hand them out
 * @param options.hostOf a tag's host label, kept beside every tag so that a host finds its tag again
 * @throws when the file is no database, or is from a newer Lotan
 */
export function openStore(file: string, options: { slots: number; label: (tag: string) => string; log: Log }) {
  const { slots, label, log } = options
  const db = new Database(file)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = NORMAL')
  db.pragma('busy_timeout = 5000')
  migrate(db)
  // Only other connections' commits move data_version: a second connection sees those of this process too.
  const watcher = new Database(file, { readonly: true })
  const readVersion = watcher.prepare('PRAGMA data_version').pluck()
  const inode = fs.statSync(file).ino

  const selectOne = db.prepare<[string], Row>('SELECT * FROM preview WHERE tag = ?')
  const selectAll = db.prepare<[], Row>('SELECT * FROM preview ORDER BY tag')
  const upsert = db.prepare(`
    INSERT INTO preview (
      tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, notice,
      reason, retry_at, why, asked_by, not_before, draining, then_start, ready_at, progress, unfit, newer
    ) VALUES (
      @tag, @label, @state, @since, @change, @last_seen, @image, @generations, @stages, @took, @crashes, @notice,
      @reason, @retry_at, @why, @asked_by, @not_before, @draining, @then_start, @ready_at, @progress, @unfit, @newer
    )
    ON CONFLICT (tag) DO UPDATE SET
      label = excluded.label,
      state = excluded.state,
      since = excluded.since,
      change = excluded.change,
      last_seen = excluded.last_seen,
      image = excluded.image,
      generations = excluded.generations,
      stages = excluded.stages,
      took = excluded.took,
      crashes = excluded.crashes,
      notice = excluded.notice,
      reason = excluded.reason,
      retry_at = excluded.retry_at,
      why = excluded.why,
      asked_by = excluded.asked_by,
      not_before = excluded.not_before,
      draining = excluded.draining,
      then_start = excluded.then_start,
      ready_at = excluded.ready_at,
      progress = excluded.progress,
      unfit = excluded.unfit,
      newer = excluded.newer
  `)
  const deletePreview = db.prepare('DELETE FROM preview WHERE tag = ?')

  const selectGenerations = db.prepare<[string], GenerationRow>(
    'SELECT * FROM generation WHERE tag = ? ORDER BY number DESC',
  )
  const selectAllGenerations = db.prepare<[], GenerationRow>('SELECT * FROM generation ORDER BY number DESC')
  const insertGeneration = db.prepare(`
    INSERT INTO generation (tag, number, container, slot, image, digest, port, role, since)
    VALUES (@tag, @number, @container, @slot, @image, @digest, @port, @role, @since)
  `)
  const deleteGenerations = db.prepare('DELETE FROM generation WHERE tag = ?')

  const insertHistory = db.prepare(`
    INSERT INTO history (tag, at, was, state, event, generation, detail)
    VALUES (@tag, @at, @was, @state, @event, @generation, @detail)
  `)
  const trimHistory = db.prepare(`
    DELETE FROM history
    WHERE tag = @tag AND id <= (
      SELECT id FROM history WHERE tag = @tag ORDER BY id DESC LIMIT 1 OFFSET ${HISTORY_PER_TAG}
    )
  `)
  const forgetHistory = db.prepare('DELETE FROM history WHERE tag = ?')
  // What says that there was such a tag, and how many generations it had, stays.
  const forgetOldHistory = db.prepare(`
    DELETE FROM history
    WHERE at < @before
      AND tag NOT IN (SELECT tag FROM preview)
      AND id NOT IN (SELECT max(id) FROM history GROUP BY tag)
      AND id NOT IN (SELECT max(id) FROM history WHERE generation IS NOT NULL GROUP BY tag)
  `)
  const lastGeneration = db.prepare<[string]>('SELECT max(generation) FROM history WHERE tag = ?').pluck()
  const selectHistory = db.prepare<[string, number], Change>(`
    SELECT at, was, state, event, generation, detail
    FROM history
    WHERE tag = ?
    ORDER BY id DESC
    LIMIT ?
  `)
  const countPlaces = db
    .prepare(`SELECT count(*) FROM preview WHERE state IN ('pulling', 'starting', 'running', 'paused', 'stopping')`)
    .pluck()
  // Slots are given out in turn, so that an address rests as long as the pool allows; never less than SLOT_REST_MS.
  const nextSlot = db
    .prepare<{ slots: number; last: number; before: number }>(
      `
      WITH RECURSIVE pool (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM pool WHERE n < @slots)
      SELECT n
      FROM pool
      WHERE n NOT IN (SELECT slot FROM generation WHERE slot IS NOT NULL)
        AND n NOT IN (SELECT slot FROM resting_slot WHERE freed_at > @before)
      ORDER BY n <= @last, n
      LIMIT 1
    `,
    )
    .pluck()
  const slotTaken = db.prepare<[number]>('SELECT 1 FROM generation WHERE slot = ?').pluck()
  const restSlot = db.prepare('INSERT OR REPLACE INTO resting_slot (slot, freed_at) VALUES (?, ?)')
  const selectMeta = db.prepare<[string]>('SELECT value FROM meta WHERE key = ?').pluck()
  const upsertMeta = db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)')
  // What is ahead of the clock was noted before that stepped back.
  const updateSeen = db.prepare(`
    UPDATE preview
    SET last_seen = @at
    WHERE tag = @tag AND (coalesce(last_seen, 0) < @at OR last_seen > @now)
  `)
  const updateProgress = db.prepare(`UPDATE preview SET progress = @progress WHERE tag = @tag AND state = 'pulling'`)
  const insertMissing = db.prepare('INSERT OR REPLACE INTO missing (tag, until) VALUES (?, ?)')
  const deleteMissing = db.prepare('DELETE FROM missing WHERE tag = ? OR until <= ?')
  const selectMissing = db.prepare<[string]>('SELECT until FROM missing WHERE tag = ?').pluck()
  const tagsAt = db
    .prepare<{ label: string }, string>(
      `
      SELECT tag FROM preview WHERE label = @label
      UNION
      SELECT tag FROM offered WHERE label = @label
      LIMIT 2
    `,
    )
    .pluck()
  const tags = offeredTags(db, label)
  const countAhead = db
    .prepare(
      `SELECT count(*) FROM preview WHERE state = 'queued' AND (since < @since OR (since = @since AND tag < @tag))`,
    )
    .pluck()

  const noteSeen = db.transaction((seen: Iterable<[tag: string, at: number]>) => {
    for (const [tag, at] of seen) updateSeen.run({ tag, at, now: Math.max(at, Date.now()) })
  })
  /** Who was seen when, as long as that could not be written. */
  const unwritten = new Map<string, number>()
  let writable = true

  /** Writes what may be left out: a visit or a progress that is not noted must take nobody down. */
  function tried(write: () => void): boolean {
    try {
      write()
    } catch (error) {
      if (!isPassing(error)) throw error
      // Said once: it is tried several times a second.
      if (writable) log.error({ error: (error as Error).message }, 'the database cannot be written to')
      return (writable = false)
    }
    if (!writable) log.info('the database can be written to again')
    return (writable = true)
  }

  const find = (tag: string): Preview | undefined => {
    const row = selectOne.get(tag)
    return row && toPreview(row, selectGenerations.all(tag))
  }
  // In a transaction, since between two reads another process may commit: a running preview without its generation.
  const get = db.transaction(find) as unknown as typeof find
  const list = db.transaction((): Preview[] => {
    const generations = Map.groupBy(selectAllGenerations.all(), ({ tag }) => tag)
    return selectAll.all().map((row) => toPreview(row, generations.get(row.tag) ?? []))
  }) as unknown as () => Preview[]

  const commit = db.transaction((tag: string, event: Event, now: number) => {
    const was = find(tag)
    const whole =
      event.type === 'begin' || event.type === 'replace' || event.type === 'slotTaken'
        ? withSlot(was, event, now)
        : event
    if (!whole || !hasRoom(was, whole)) return undefined
    const becomes = counted(was, next(was, tag, whole, now))
    if (!becomes) return undefined
    write(was, becomes, now)
    learn(was, becomes, whole)
    if (whole.type === 'missing') insertMissing.run(tag, now + MISSING_MS)
    if (whole.type === 'start') deleteMissing.run(tag, now)
    insertHistory.run({
      tag,
      at: now,
      was: was?.state ?? 'unknown',
      state: becomes.state,
      event: event.type,
      generation: generationOf(becomes)?.number ?? (was ? (generationOf(was)?.number ?? null) : null),
      detail: detailOf(event, becomes),
    })
    trimHistory.run({ tag })
    // Anybody may guess at tags: one that never came to a container leaves no trace.
    if (becomes.state === 'unknown' && lastGeneration.get(tag) === null) forgetHistory.run(tag)
    return { was, becomes }
  })

  /** A tag that comes back after its row went counts its generations on: a late report of an old one stays one. */
  function counted(was: Preview | undefined, becomes: Preview | undefined): Preview | undefined {
    if (was || !becomes) return becomes
    const last = (lastGeneration.get(becomes.tag) as number | null) ?? 0
    return { ...becomes, generations: Math.max(becomes.generations, last) }
  }

  /** What an event tells of other previews too, and what is to be known still when the row has gone. */
  function learn(was: Preview | undefined, { tag, took }: Preview, event: Event) {
    if (event.type === 'pulled') note('pull', took.pull)
    if (event.type === 'answered' && was?.state === 'starting') note('start', took.start)
    if (event.type === 'pulled' || event.type === 'renewed') tags.digest(tag, event.image.digest)
  }

  function note(what: keyof Lately, ms = 0) {
    const known = lately()
    upsertMeta.run('lately', JSON.stringify({ ...known, [what]: [...known[what], ms].slice(-LATELY) }))
  }

  function lately(): Lately {
    return { pull: [], start: [], ...(JSON.parse((selectMeta.get('lately') as string | undefined) ?? '{}') as object) }
  }

  /** Only a place that is free may be taken: LOTAN_MAX_RUNNING is counted in the same transaction. */
  function hasRoom(was: Preview | undefined, event: Event): boolean {
    if (event.type === 'adopt') return !slotTaken.get(event.generation.slot)
    if (event.type !== 'pull' && event.type !== 'begin') return true
    return !was || takesPlace(was.state) || (countPlaces.get() as number) < event.places
  }

  function withSlot(
    was: Preview | undefined,
    event: Extract<Event, { type: 'begin' | 'replace' | 'slotTaken' }>,
    now: number,
  ): Event | undefined {
    if (!was) return undefined
    const last = Number(selectMeta.get('last_slot') ?? 0)
    const slot = nextSlot.get({ slots, last, before: now - SLOT_REST_MS }) as number | undefined
    if (slot === undefined) return undefined
    return { ...event, slot }
  }

  function write(was: Preview | undefined, becomes: Preview, now: number) {
    const before = was ? slotsOf(was) : []
    const after = becomes.state === 'unknown' ? [] : slotsOf(becomes)
    for (const slot of before) if (!after.includes(slot)) restSlot.run(slot, now)
    for (const slot of after) if (!before.includes(slot)) upsertMeta.run('last_slot', String(slot))
    deleteGenerations.run(becomes.tag)
    if (becomes.state === 'unknown') {
      tags.forgetDigest(becomes.tag)
      return void deletePreview.run(becomes.tag)
    }
    upsert.run(toRow(becomes, label(becomes.tag)))
    for (const generation of toGenerationRows(becomes)) insertGeneration.run(generation)
  }

  return {
    /** The preview of a tag, or undefined for a tag without a row. */
    get,

    /** Every preview, by tag. */
    list,

    /**
     * Lets an event change a preview.
     * @returns the preview as it now is (state `unknown` when its row went), or undefined when the event changed nothing
     */
    apply(tag: string, event: Event, now = Date.now()): Preview | undefined {
      const done = commit.immediate(tag, event, now)
      if (!done) return undefined
      const { was, becomes } = done
      log.info(
        {
          tag,
          event: event.type,
          was: was?.state ?? 'unknown',
          state: becomes.state,
          change: becomes.change,
          generation: generationOf(becomes)?.number,
          detail: detailOf(event, becomes) ?? undefined,
        },
        'preview changed',
      )
      return becomes
    },

    /**
     * Notes activity: when each tag was last used, milliseconds since 1970. Older times than known are ignored. What
     * cannot be written now, on a full disk perhaps, is written by the next call that can.
     * @returns whether all of it is written
     */
    touch(seen: Iterable<[tag: string, at: number]>): boolean {
      for (const [tag, at] of seen) unwritten.set(tag, Math.max(at, unwritten.get(tag) ?? 0))
      if (!tried(() => noteSeen(unwritten))) return false
      unwritten.clear()
      return true
    },

    /** Notes how far a pull is, where that can be written. */
    progress(tag: string, progress: Progress) {
      tried(() => void updateProgress.run({ tag, progress: JSON.stringify(progress) }))
    },

    /** Sees to it that much can still be written when the disk is full; to be asked for again now and then. */
    keepRoom: () => void tried(() => keepRoom(db, file)),

    /** A preview's last changes, newest first. */
    history: (tag: string, limit = 50): Change[] => selectHistory.all(tag, limit),

    /** Drops what is told of tags without a row since before then, but for what tells that there were such tags. */
    forgetHistory: (before: number) => void forgetOldHistory.run({ before }),

    /** How long the last pulls and starts took, whatever became of their previews. */
    lately,

    /** How many previews hold one of the LOTAN_MAX_RUNNING places. */
    places: (): number => countPlaces.get() as number,

    /** How many queued previews stand before this one. */
    ahead: (preview: { tag: string; since: number }): number =>
      countAhead.get({ tag: preview.tag, since: preview.since }) as number,

    /** Until when a tag is remembered as one the registry does not have; undefined when it is not. */
    missing(tag: string, now = Date.now()): number | undefined {
      const until = selectMissing.get(tag) as number | undefined
      return until !== undefined && until > now ? until : undefined
    },

    /** The known tag that lives at a host label: undefined where none does, null where two would, since it is neither's. */
    tagAt(label: string): string | null | undefined {
      const [tag, ...others] = tagsAt.all({ label })
      return others.length > 0 ? null : tag
    },

    /** Writes every label anew that another naming, or another version of Lotan, has written otherwise. */
    relabel: db.transaction(() => {
      for (const table of ['preview', 'offered']) {
        const rows = db.prepare<[], { tag: string; label: string }>(`SELECT tag, label FROM ${table}`).all()
        const update = db.prepare(`UPDATE ${table} SET label = ? WHERE tag = ?`)
        for (const row of rows) if (row.label !== label(row.tag)) update.run(label(row.tag), row.tag)
      }
    }) as unknown as () => void,

    ...tags,

    /** The images that Lotan pulled and has not removed since, current ones and what their tags have lost. */
    pulled: {
      list: (): Pulled[] =>
        db.prepare<[], Pulled>('SELECT tag, id, repository, digest FROM pulled ORDER BY tag, rowid').all(),
      note: (image: Pulled) =>
        void db
          .prepare(
            'INSERT OR REPLACE INTO pulled (tag, id, repository, digest) VALUES (@tag, @id, @repository, @digest)',
          )
          .run(image),
      forget: ({ tag, id }: Pulled) => void db.prepare('DELETE FROM pulled WHERE tag = ? AND id = ?').run(tag, id),
    },

    /** A number that changes with every commit of any process. */
    version: (): number => readVersion.get() as number,

    /** Facts about this installation, kept beside the previews. */
    meta: {
      get: (key: string): string | undefined => selectMeta.get(key) as string | undefined,
      set: (key: string, value: string) => void upsertMeta.run(key, value),
    },

    /** Whether the file on disk is still the one that was opened. */
    intact(): boolean {
      try {
        return fs.statSync(file).ino === inode
      } catch {
        return false
      }
    },

    close() {
      watcher.close()
      db.close()
    },
  }
}

/**
 * Makes sure that the database can be used: a corrupt one is moved aside, so that the next open begins a new one,
 * which the reaper rebuilds from what runs on the engine.
 *
 * @returns where the corrupt file went, or undefined when nothing was wrong
 */
export function setAsideIfCorrupt(file: string): string | undefined {
  if (!fs.existsSync(file)) return undefined
  try {
    const db = new Database(file)
    try {
      if (db.pragma('quick_check', { simple: true }) === 'ok') return undefined
    } finally {
      db.close()
    }
  } catch (error) {
    if (!['SQLITE_CORRUPT', 'SQLITE_NOTADB'].includes((error as { code?: string }).code ?? '')) throw error
  }
  const aside = `${file}.corrupt-${randomUUID().slice(0, 8)}`
  for (const suffix of ['', '-wal', '-shm'])
    if (fs.existsSync(file + suffix)) fs.renameSync(file + suffix, aside + suffix)
  return path.resolve(aside)
}

/** The slots a preview holds. */
function slotsOf(preview: Preview): number[] {
  return generationsOf(preview).flatMap(({ slot }) => (slot === null ? [] : [slot]))
}

/** One line that says why, for the log and the history. */
function detailOf(event: Event, becomes: Preview): string | null {
  switch (event.type) {
    case 'start':
      return event.by
    case 'stop':
      return event.why
    case 'fail':
    case 'exited':
      return [event.reason.code, event.reason.detail].filter(Boolean).join(': ')
    case 'created':
      return event.container.slice(0, 12)
    case 'answered':
      return event.notice
    case 'begin':
      return `slot ${generationOf(becomes)?.slot}`
    case 'pulled':
    case 'ahead':
    case 'renewed':
      return event.image.digest
    case 'refresh':
      return event.digest ?? null
    case 'notRenewed':
      return [event.reason.code, event.reason.detail].filter(Boolean).join(': ')
    case 'replace':
      return becomes.state === 'running' ? `slot ${becomes.coming?.slot}` : null
    case 'slotTaken':
      return `slot ${(becomes.state === 'running' ? becomes.coming : generationOf(becomes))?.slot}`
    case 'left':
      return `generation ${event.generation}`
    default:
      return null
  }
}
