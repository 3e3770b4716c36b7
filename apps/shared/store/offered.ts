/** The tags the registry offers, as its list was read last: a part of the store. */
import type { Database } from 'better-sqlite3'

/** A tag the registry offers. `digest` is null until somebody has asked for it. */
export interface OfferedTag {
  tag: string
  digest: string | null
}

/** A tag that was found to be nothing that can run here, at the digest that it had then. */
export interface UnfitTag {
  tag: string
  digest: string
}

/** @param label a tag's host label, kept beside it so that a host finds its tag again */
export function offeredTags(db: Database, label: (tag: string) => string) {
  const select = db.prepare<[], OfferedTag>('SELECT tag, digest FROM offered WHERE NOT artifact ORDER BY tag')
  const selectAll = db.prepare<[], string>('SELECT tag FROM offered').pluck()
  const selectDigest = db.prepare<[string], string | null>('SELECT digest FROM offered WHERE tag = ?').pluck()
  const selectUnfit = db.prepare<[], UnfitTag>('SELECT tag, unfit AS digest FROM offered WHERE unfit IS NOT NULL ORDER BY tag') // prettier-ignore
  const setUnfit = db.prepare(
    'UPDATE offered SET unfit = @digest, artifact = @artifact WHERE tag = @tag AND (unfit IS NOT @digest OR artifact <> @artifact)',
  )
  const setFit = db.prepare('UPDATE offered SET unfit = NULL, artifact = 0, ahead = 0 WHERE tag = ?')
  const selectOne = db.prepare<[string]>('SELECT 1 FROM offered WHERE tag = ?').pluck()
  const knowDigest = db.prepare(
    'UPDATE offered SET digest = @digest WHERE tag = @tag AND @digest IS NOT NULL AND digest IS NOT @digest',
  )
  const insert = db.prepare(`
    INSERT INTO offered (tag, label, digest) VALUES (?, ?, ?)
    ON CONFLICT (tag) DO UPDATE SET digest = coalesce(excluded.digest, digest)
  `)
  const remove = db.prepare('DELETE FROM offered WHERE tag = ?')
  const forgetDigest = db.prepare('UPDATE offered SET digest = NULL WHERE tag = ?')
  const forgetMissing = db.prepare('DELETE FROM missing WHERE tag IN (SELECT tag FROM offered)')
  const selectNotAhead = db.prepare<[], string>('SELECT tag FROM offered WHERE NOT ahead ORDER BY rowid DESC').pluck()
  const setAhead = db.prepare('UPDATE offered SET ahead = 1 WHERE tag = ?')
  const setWanted = db.prepare(`INSERT OR REPLACE INTO meta (key, value) VALUES ('list_wanted_at', ?)`)
  const selectWanted = db.prepare<[], string>(`SELECT value FROM meta WHERE key = 'list_wanted_at'`).pluck()

  return {
    /** The tags the registry offers, by name; without those that were found to be no images. */
    offered: (): OfferedTag[] => select.all(),

    /** Whether the registry's list has a tag. */
    isOffered: (tag: string): boolean => selectOne.get(tag) !== undefined,

    /** Notes what digest an offered tag has in the registry, as somebody has just learnt. */
    digest: (tag: string, digest: string | null): void => void knowDigest.run({ tag, digest }),

    /** The digest that an offered tag was last known to have in the registry; none where that is not known. */
    digestsOf: (tag: string): string[] => [selectDigest.get(tag) ?? []].flat(),

    /** Notes that what an offered tag has now is nothing that can run here; `isArtifact`: no image at all. */
    noteUnfit: (tag: string, digest: string, isArtifact: boolean): void =>
      void setUnfit.run({ tag, digest, artifact: Number(isArtifact) }),

    /** The offered tags that were found to be nothing that can run here. */
    unfit: (): UnfitTag[] => selectUnfit.all(),

    /** An offered tag has something else now: it is looked at as one that has just been shown. */
    noteChanged: (tag: string): void => void setFit.run(tag),

    /** Forgets the digest of an offered tag: nobody looks any more whether it still has it. */
    forgetDigest: (tag: string): void => void forgetDigest.run(tag),

    /** Forgets all that was learnt of a repository: there is another one now. */
    forgetRepository: db.transaction(() => {
      db.exec(`DELETE FROM offered; DELETE FROM missing; DELETE FROM meta WHERE key IN ('lately', 'unpacked')`)
    }) as unknown as () => void,

    /**
     * Takes over the list of tags the registry offers: what is new in it comes, and what it lacks goes. A digest that is
     * known stays where the list has none; what is remembered as missing but is offered now is forgotten.
     */
    offer: db.transaction((tags: OfferedTag[]) => {
      const before = new Set(selectAll.all())
      for (const { tag, digest } of tags) if (!before.delete(tag) || digest) insert.run(tag, label(tag), digest)
      for (const tag of before) remove.run(tag)
      forgetMissing.run()
    }).immediate,

    /** The tags that have not been thought of as ones to pull before anybody asks for them: what was shown last is first. */
    notYetAhead: (): string[] => selectNotAhead.all(),

    /** A tag need not be pulled ahead (any more): it has been, or somebody was quicker. */
    noteAhead: (tag: string): void => void setAhead.run(tag),

    /** Asks for the list to be read again soon: there are visitors for tags that it does not have. */
    wantList: (now: number): void => void setWanted.run(String(now)),

    /** When that was asked for last, milliseconds since 1970. */
    listWantedAt: (): number => Number(selectWanted.get() ?? 0),
  }
}
