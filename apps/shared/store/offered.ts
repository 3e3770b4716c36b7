/**
 * The tags that each repository offers, as its list was read last: a part of the store. What is about one tag takes a
 * preview's id, what is about a list the repository's name.
 */
import type { Database } from 'better-sqlite3'
import { idOf, splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'
import type { Tag } from '../tag.ts'
import { BY_KEY } from './previews.ts'

/** A tag the registry offers. `digest` is null until the registry has been asked for it. */
export interface OfferedTag {
  tag: Tag
  digest: string | null
}

/** A tag that was found to be nothing that can run here, at the digest that it had then. */
export interface UnfitTag {
  tag: Tag
  digest: string
}

/** @param label a preview's host label, kept beside its tag so that a host finds it again */
export function offeredTags(db: Database, label: (id: PreviewId) => string) {
  const select = db.prepare<[string], OfferedTag>(
    'SELECT tag, digest FROM offered WHERE repository = ? AND NOT artifact ORDER BY tag',
  )
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
  const wantedKey = (repository: string) => `list_wanted_at${repository && `/${repository}`}`

  return {
    /** The tags a repository offers, by name; without those that were found to be no images. */
    offered: (repository: string): OfferedTag[] => select.all(repository),

    /** Whether the registry's list has a tag. */
    isOffered: (id: PreviewId): boolean => selectOne.get(splitId(id)) !== undefined,

    /** Notes what digest an offered tag has in the registry, as the registry has just said. */
    digest: (id: PreviewId, digest: string | null): void => void knowDigest.run({ ...splitId(id), digest }),

    /** The digest that an offered tag was last known to have in the registry; none where that is not known. */
    digestsOf: (id: PreviewId): string[] => [selectDigest.get(splitId(id)) ?? []].flat(),

    /** Notes that what an offered tag has now is nothing that can run here; `isArtifact`: no image at all. */
    noteUnfit: (id: PreviewId, digest: string, isArtifact: boolean): void =>
      void setUnfit.run({ ...splitId(id), digest, artifact: Number(isArtifact) }),

    /** The offered tags of a repository that were found to be nothing that can run here. */
    unfit: (repository: string): UnfitTag[] => selectUnfit.all(repository),

    /** An offered tag has something else now: it is looked at as one that has just been shown. */
    noteChanged: (id: PreviewId): void => void setFit.run(splitId(id)),

    /** Forgets the digest of an offered tag: it is not compared with the registry any more. */
    forgetDigest: (id: PreviewId): void => void forgetDigest.run(splitId(id)),

    /** Forgets all that was learnt of a repository: another one has its name now. */
    forgetRepository: db.transaction((repository: string) => {
      db.prepare('DELETE FROM offered WHERE repository = ?').run(repository)
      db.prepare('DELETE FROM missing WHERE repository = ?').run(repository)
      db.exec(`DELETE FROM meta WHERE key IN ('lately', 'unpacked')`)
    }) as unknown as (repository: string) => void,

    /**
     * Takes over the list of tags a repository offers: what is new in it comes, and what it lacks goes. A digest that is
     * known stays where the list has none; what is remembered as missing but is offered now is forgotten.
     */
    offer: db.transaction((repository: string, tags: OfferedTag[]) => {
      const before = new Set(selectAll.all(repository))
      for (const { tag, digest } of tags)
        if (!before.delete(tag) || digest)
          insert.run({ repository, tag, label: label(idOf({ repository, tag })), digest })
      for (const tag of before) remove.run({ repository, tag })
      forgetMissing.run()
    }).immediate,

    /** The tags that have not had their turn to be pulled before their first click: what was shown last is first. */
    notYetAhead: (repository: string): Tag[] => selectNotAhead.all(repository),

    /** A tag need not be pulled ahead (any more): it has been, or a click came first. */
    noteAhead: (id: PreviewId): void => void setAhead.run(splitId(id)),

    /** Asks for a repository's list to be read again soon: there are visitors for tags that it does not have. */
    wantList: (repository: string, now: number): void => void setWanted.run(wantedKey(repository), String(now)),

    /** When that was asked for last, milliseconds since 1970. */
    listWantedAt: (repository: string): number => Number(selectWanted.get(wantedKey(repository)) ?? 0),
  }
}
