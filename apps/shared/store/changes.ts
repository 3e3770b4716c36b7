/** Pull and merge requests, and what is known of their images. Its forge tells a change again: a lost row loses only time. */
import type { Database } from 'better-sqlite3'
import type { Approval, Behind, Change, ChangeKey, KnownChange, TagImage } from '../forge/change.ts'
import type { Reason } from '../preview/failure-reason.ts'
import { splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'
import type { Tag } from '../tag.ts'
import { changeOf, type ChangeRow } from './change-rows.ts'
import { shownChanges } from './shown-changes.ts'

/** What stands at the forge by Lotan's hand. The forge part alone reads and writes it. */
export interface Said {
  /** `text`: as it was written last, when `sha` was the head. `deletedAt`: the head when a person had deleted it. */
  comment?: { id: string | null; text: string; sha: string; deletedAt: string | null }
  status?: { sha: string; state: string; description: string; url: string | null }
  /** By the commit that each is of. */
  deployments?: { id: string; sha: string; state: string }[]
  /** What came of the image that is meant, as it was last. */
  tried?: Tried
  /** Its closing has been told: nothing more is written while it is closed. */
  over?: true
}

/** `starts`: how often Lotan has started this image by itself (LOTAN_FORGE_VERIFY), the last time at `startedAt`. */
export interface Tried {
  digest: string
  starts: number
  /** Milliseconds since 1970. */
  startedAt: number | null
  /** `answered`: milliseconds from its start to its first answer, null where that was not measured. */
  outcome: { answered: number | null } | { failed: Reason } | null
}

type Row = ChangeRow & { said: string | null }

const KEY = 'repository = @repository AND number = @number'
const TAG = 'repository = @repository AND tag = @tag'

export function changeRows(db: Database) {
  const select = db.prepare<ChangeKey, Row>(`SELECT * FROM change WHERE ${KEY}`)
  const selectAll = db.prepare<[], Row>('SELECT * FROM change ORDER BY repository, number DESC')
  const selectOpen = db.prepare<[], Row>(`
    SELECT * FROM change WHERE state = 'open' ORDER BY repository, number DESC
  `)
  const selectAsking = db.prepare<[], Row>(`
    SELECT * FROM change WHERE state = 'open' AND fork AND approval IS NULL ORDER BY repository, number DESC
  `)
  const selectToTell = db.prepare<[], Row>(`
    SELECT *
    FROM change
    WHERE state = 'open' OR json_extract(said, '$.over') IS NULL
    ORDER BY repository, number DESC
  `)
  const selectOfTag = db.prepare<PreviewKey, Row>(`
    SELECT change.* FROM change_tag JOIN change USING (repository, number) WHERE ${TAG}
  `)
  const selectTags = db.prepare<ChangeKey, Tag>(`SELECT tag FROM change_tag WHERE ${KEY} ORDER BY place`).pluck()
  const selectBase = db.prepare<{ repository: string; base: string }>(
    'SELECT 1 FROM change WHERE repository = @repository AND base = @base LIMIT 1',
  )
  const upsert = db.prepare(`
    INSERT INTO change
      (repository, number, title, author, branch, base, sha, fork, state, url, updated, closed_at)
    VALUES
      (@repository, @number, @title, @author, @branch, @base, @sha, @fork, @state, @url, @updated, @closedAt)
    ON CONFLICT (repository, number) DO UPDATE SET
      title = excluded.title, author = excluded.author, branch = excluded.branch, base = excluded.base,
      sha = excluded.sha, fork = excluded.fork, state = excluded.state,
      url = excluded.url, updated = excluded.updated, closed_at = excluded.closed_at
  `)
  const dropTags = db.prepare(`DELETE FROM change_tag WHERE ${KEY}`)
  const insertTag = db.prepare(
    'INSERT INTO change_tag (repository, tag, number, place) VALUES (@repository, @tag, @number, @place)',
  )
  const setApproval = db.prepare(`UPDATE change SET approval = @approval WHERE ${KEY}`)
  const setBehind = db.prepare(`UPDATE change SET behind = @behind WHERE ${KEY} AND behind IS NOT @behind`)
  const setSaid = db.prepare(`UPDATE change SET said = @said WHERE ${KEY}`)
  const selectApproved = db.prepare<PreviewKey, string>(`SELECT approval FROM approved_tag WHERE ${TAG}`).pluck()
  const approveTag = db.prepare(
    'INSERT OR REPLACE INTO approved_tag (repository, tag, approval) VALUES (@repository, @tag, @approval)',
  )
  const disapproveTag = db.prepare(`DELETE FROM approved_tag WHERE ${TAG}`)
  const selectImage = db.prepare<PreviewKey, TagImage>(
    `SELECT tag, digest, revision, bytes, created FROM tag_image WHERE ${TAG}`,
  )
  const upsertImage = db.prepare(`
    INSERT INTO tag_image (repository, tag, digest, revision, bytes, created)
    VALUES (@repository, @tag, @digest, @revision, @bytes, @created)
    ON CONFLICT (repository, tag) DO UPDATE SET
      digest = excluded.digest, revision = excluded.revision, bytes = excluded.bytes, created = excluded.created
  `)
  const removeImage = db.prepare(`DELETE FROM tag_image WHERE ${TAG}`)
  const forget = db.prepare('DELETE FROM change WHERE closed_at < ?')
  const forgetTags = db.prepare(
    'DELETE FROM change_tag WHERE (repository, number) NOT IN (SELECT repository, number FROM change)',
  )
  const forgetImages = db.prepare(
    'DELETE FROM tag_image WHERE (repository, tag) NOT IN (SELECT repository, tag FROM change_tag)',
  )

  const put = db.transaction((change: Change, tags: readonly Tag[], now: number): KnownChange | undefined => {
    const row = select.get(change)
    const was = row && changeOf(row)
    if (was && was.updated > change.updated) return undefined
    const isOver = change.state !== 'open'
    const closedAt = isOver ? (was?.closedAt ?? now) : null
    const approval = was ? was.approval : approvalOf(change.repository, tags)
    const known = { ...change, closedAt, approval, behind: was?.behind ?? null }
    const isSame = was && JSON.stringify(ordered(was)) === JSON.stringify(ordered(known))
    const areSame = String(selectTags.all(change)) === String(tags)
    // A commit that changes nothing would wake all who wait for one.
    if (isSame && areSame) return undefined
    upsert.run({ ...change, fork: Number(change.fork), closedAt })
    dropTags.run(change)
    const { repository, number } = change
    if (!was && approval) setApproval.run({ repository, number, approval: JSON.stringify(approval) })
    for (const [place, tag] of tags.entries()) {
      insertTag.run({ repository, tag, number, place })
      disapproveTag.run({ repository, tag })
    }
    return known
  })

  /** What was given to a tag becomes its change's: another change of that tag, later, is to be approved by itself. */
  function approvalOf(repository: string, tags: readonly Tag[]): Approval | null {
    const text = tags.map((tag) => selectApproved.get({ repository, tag })).find((found) => found !== undefined)
    return text === undefined ? null : (JSON.parse(text) as Approval)
  }

  return {
    /**
     * Notes what a forge tells of a change, unless it is older than what is known.
     * @param tags that LOTAN_FORGE_TAG gives it, the first choice first
     * @returns undefined where nothing has changed
     */
    put: (change: Change, tags: readonly Tag[], now: number): KnownChange | undefined =>
      put.immediate(change, tags, now),

    get(key: ChangeKey): KnownChange | undefined {
      const row = select.get(key)
      return row && changeOf(row)
    },

    /** By repository, the newest first. */
    list: (): KnownChange[] => selectAll.all().map(changeOf),
    open: (): KnownChange[] => selectOpen.all().map(changeOf),

    /** Open ones of forks that no admin has approved. */
    asking: (): KnownChange[] => selectAsking.all().map(changeOf),

    /** Those that something may have to be written into: the open ones, and those whose closing has not been told. */
    toTell: (): KnownChange[] => selectToTell.all().map(changeOf),

    /** Those whose templates give the preview's tag, in no order. */
    ofPreview: (id: PreviewId): KnownChange[] => selectOfTag.all(splitId(id)).map(changeOf),

    /** The first choice first. */
    tagsOf: (key: ChangeKey): Tag[] => selectTags.all(key),

    /** Whether changes go into a branch of this name. */
    isBase: (id: PreviewId): boolean => {
      const { repository, tag } = splitId(id)
      return selectBase.get({ repository, base: tag }) !== undefined
    },

    /** @param approval null takes it back @returns whether there is such a change */
    approve: ({ repository, number }: ChangeKey, approval: Approval | null): boolean =>
      setApproval.run({ repository, number, approval: approval && JSON.stringify(approval) }).changes > 0,

    /** For a tag whose change is not known. */
    approveTag(id: PreviewId, approval: Approval | null): void {
      if (approval) approveTag.run({ ...splitId(id), approval: JSON.stringify(approval) })
      else disapproveTag.run(splitId(id))
    },

    approvalOfTag(id: PreviewId): Approval | null {
      const text = selectApproved.get(splitId(id))
      return text === undefined ? null : (JSON.parse(text) as Approval)
    },

    noteBehind: ({ repository, number }: ChangeKey, behind: Behind | null): void =>
      void setBehind.run({ repository, number, behind: behind && JSON.stringify(behind) }),

    ...shownChanges(db),

    image: (id: PreviewId): TagImage | undefined => selectImage.get(splitId(id)),

    /** @param image null: the registry has none */
    noteImage(id: PreviewId, image: Omit<TagImage, 'tag'> | null): void {
      const was = selectImage.get(splitId(id))
      const { tag } = splitId(id)
      if (image && JSON.stringify(was) !== JSON.stringify({ tag, ...image }))
        upsertImage.run({ ...splitId(id), ...image })
      else if (!image && was) removeImage.run(splitId(id))
    },

    said({ repository, number }: ChangeKey): Said {
      const text = select.get({ repository, number })?.said
      return text ? (JSON.parse(text) as Said) : {}
    },

    noteSaid: ({ repository, number }: ChangeKey, said: Said): void =>
      void setSaid.run({ repository, number, said: JSON.stringify(said) }),

    /** Those that were closed before, milliseconds since 1970, and what is kept of their tags. */
    forget: db.transaction((before: number) => {
      if (forget.run(before).changes === 0) return
      forgetTags.run()
      forgetImages.run()
    }) as unknown as (before: number) => void,
  }
}

function ordered(change: KnownChange): [string, unknown][] {
  return Object.entries(change).sort(([one], [other]) => (one < other ? -1 : 1))
}
