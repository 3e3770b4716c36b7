/** What is about one tag takes a preview's id, what is about a list the repository's name. */
import type { Database } from 'better-sqlite3'
import { keyOf } from './facts.ts'
import { idOf, splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'
import type { Tag } from '../tag.ts'
import { BY_KEY } from './previews.ts'

/** `digest` is null until the registry has been asked for it. */
export interface OfferedTag {
  tag: Tag
  digest: string | null
}

/** A tag whose image cannot run here; `digest` is what it had then. */
export interface UnfitTag {
  tag: Tag
  digest: string
}

/** The database is busy until `suits` has been asked about the last one: it must not use it. */
export interface OfferedWants {
  /** In tag or digest. */
  q: string
  descending: boolean
  /** The last one before these. */
  after: Tag | undefined
  most: number
  /** Only of these; undefined: of all. */
  among?: Tag[]
  suits: (tag: Tag) => boolean
}

/** Tags are ASCII. */
const AFTER_ALL_TAGS = '\x7f'

export function offeredTags(db: Database, label: (id: PreviewId) => string) {
  const select = db.prepare<[string], OfferedTag>(
    'SELECT tag, digest FROM offered WHERE repository = ? AND NOT artifact ORDER BY tag',
  )
  const selectFrom = (descending: boolean) =>
    db.prepare<{ repository: string; q: string; after: string; among: string | null }, OfferedTag>(`
      SELECT tag, digest
      FROM offered
      WHERE repository = @repository
        AND NOT artifact
        AND tag ${descending ? '<' : '>'} @after
        AND (@among IS NULL OR tag IN (SELECT value FROM json_each(@among)))
        AND (instr(lower(tag), @q) OR instr(lower(digest), @q))
      ORDER BY tag ${descending ? 'DESC' : ''}
    `)
  const selectUp = selectFrom(false)
  const selectDown = selectFrom(true)
  // By their rows: an index would sort all of them first.
  const selectNewest = db
    .prepare<[string], Tag>(
      'SELECT tag FROM offered NOT INDEXED WHERE repository = ? AND NOT artifact ORDER BY rowid DESC',
    )
    .pluck()
  const selectAll = db.prepare<[string], Tag>('SELECT tag FROM offered WHERE repository = ?').pluck()
  const selectDigest = db.prepare<PreviewKey, string | null>(`SELECT digest FROM offered WHERE ${BY_KEY}`).pluck()
  const selectUnfit = db.prepare<[string], UnfitTag>(
    'SELECT tag, unfit AS digest FROM offered WHERE repository = ? AND unfit IS NOT NULL ORDER BY tag',
  )
  const setUnfit = db.prepare(
    `UPDATE offered SET unfit = @digest, artifact = @artifact WHERE ${BY_KEY} AND (unfit IS NOT @digest OR artifact <> @artifact)`,
  )
  const setFit = db.prepare(`UPDATE offered SET unfit = NULL, artifact = 0, ahead = 0 WHERE ${BY_KEY}`)
  const selectOne = db.prepare<PreviewKey>(`SELECT 1 FROM offered WHERE ${BY_KEY}`).pluck()
  const selectFit = db
    .prepare<PreviewKey>(`SELECT 1 FROM offered WHERE ${BY_KEY} AND NOT artifact AND unfit IS NULL`)
    .pluck()
  const knowDigest = db.prepare(
    `UPDATE offered SET digest = @digest WHERE ${BY_KEY} AND @digest IS NOT NULL AND digest IS NOT @digest`,
  )
  const insert = db.prepare(`
    INSERT INTO offered (repository, tag, label, digest) VALUES (@repository, @tag, @label, @digest)
    ON CONFLICT (repository, tag) DO UPDATE SET digest = coalesce(excluded.digest, digest)
  `)
  const remove = db.prepare(`DELETE FROM offered WHERE ${BY_KEY}`)
  const forgetDigest = db.prepare(`UPDATE offered SET digest = NULL WHERE ${BY_KEY}`)
  const forgetMissing = db.prepare(
    'DELETE FROM missing WHERE (repository, tag) IN (SELECT repository, tag FROM offered)',
  )
  const selectNotAhead = db
    .prepare<[string], Tag>('SELECT tag FROM offered WHERE repository = ? AND NOT ahead ORDER BY rowid DESC')
    .pluck()
  const setAhead = db.prepare(`UPDATE offered SET ahead = 1 WHERE ${BY_KEY}`)
  const setWanted = db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)')
  const selectWanted = db.prepare<[string], string>('SELECT value FROM meta WHERE key = ?').pluck()
  const wantedKey = (repository: string) => keyOf('list_wanted_at', repository)
  const forgetFact = db.prepare('DELETE FROM meta WHERE key = ?')

  return {
    /** By name; without those that are no images. */
    offered: (repository: string): OfferedTag[] => select.all(repository),

    /** As `offered`; the rows behind the last one that is taken are not read. @param wants.q in small letters */
    offeredFrom(repository: string, wants: OfferedWants): OfferedTag[] {
      const { q, descending, most, suits } = wants
      const among = wants.among ? JSON.stringify(wants.among) : null
      const after = wants.after ?? (descending ? AFTER_ALL_TAGS : '')
      const select = descending ? selectDown : selectUp
      return taken(select.iterate({ repository, q, after, among }), most, ({ tag }) => suits(tag))
    },

    /** What was shown last is first. */
    newestOffered(repository: string, most: number, suits: (tag: Tag) => boolean): Tag[] {
      return taken(selectNewest.iterate(repository), most, suits)
    },

    isOffered: (id: PreviewId): boolean => selectOne.get(splitId(id)) !== undefined,

    /** Whether the registry offers an image of it of which it is not known that it cannot run here. */
    isFit: (id: PreviewId): boolean => selectFit.get(splitId(id)) !== undefined,

    /** Notes an offered tag's digest, as the registry has just said it. */
    digest: (id: PreviewId, digest: string | null): void => void knowDigest.run({ ...splitId(id), digest }),

    /** At most one: the digest that an offered tag was last known to have in the registry. */
    digestsOf: (id: PreviewId): string[] => [selectDigest.get(splitId(id)) ?? []].flat(),

    /** The image that an offered tag has now cannot run here; `isArtifact`: it is no image at all. */
    noteUnfit: (id: PreviewId, digest: string, isArtifact: boolean): void =>
      void setUnfit.run({ ...splitId(id), digest, artifact: Number(isArtifact) }),

    unfit: (repository: string): UnfitTag[] => selectUnfit.all(repository),

    /** A tag that has something else now is looked at as one that has just been shown. */
    noteChanged: (id: PreviewId): void => void setFit.run(splitId(id)),

    /** It is not compared with the registry any more. */
    forgetDigest: (id: PreviewId): void => void forgetDigest.run(splitId(id)),

    /** For when another repository has its name. */
    forgetRepository: db.transaction((repository: string) => {
      db.prepare('DELETE FROM offered WHERE repository = ?').run(repository)
      db.prepare('DELETE FROM missing WHERE repository = ?').run(repository)
      // What lately took is told of all of them, and another one's starts and pulls take another time.
      for (const key of ['lately', keyOf('unpacked', repository), wantedKey(repository)]) forgetFact.run(key)
    }) as unknown as (repository: string) => void,

    /** A digest that is known stays where the list has none. */
    offer: db.transaction((repository: string, tags: OfferedTag[]) => {
      const before = new Set(selectAll.all(repository))
      for (const { tag, digest } of tags)
        if (!before.delete(tag) || digest)
          insert.run({ repository, tag, label: label(idOf({ repository, tag })), digest })
      for (const tag of before) remove.run({ repository, tag })
      forgetMissing.run()
    }).immediate,

    /** A tag that the registry has, as it has just said itself: it need not be in the last list. */
    offerOne: db.transaction((id: PreviewId, digest: string) => {
      insert.run({ ...splitId(id), label: label(id), digest })
      forgetMissing.run()
    }) as unknown as (id: PreviewId, digest: string) => void,

    /** What was shown last is first. */
    notYetAhead: (repository: string): Tag[] => selectNotAhead.all(repository),

    /** It has been pulled ahead, or a click came first. */
    noteAhead: (id: PreviewId): void => void setAhead.run(splitId(id)),

    /** There are visitors for tags that the list does not have: it is to be read again soon. */
    wantList: (repository: string, now: number): void => void setWanted.run(wantedKey(repository), String(now)),

    /** Milliseconds since 1970; 0 for never. */
    listWantedAt: (repository: string): number => Number(selectWanted.get(wantedKey(repository)) ?? 0),
  }
}

function taken<T>(rows: Iterable<T>, most: number, suits: (row: T) => boolean): T[] {
  const found: T[] = []
  for (const row of rows) {
    if (suits(row)) found.push(row)
    if (found.length >= most) break
  }
  return found
}
