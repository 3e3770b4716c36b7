/** Copies of previews that were asked for, and are not made yet. The queue-processor makes them (copies/ in its folder). */
import type { Database } from 'better-sqlite3'
import type { Actor } from '../actor.ts'
import { idOf, splitId, type PreviewId, type PreviewKey, type Tag } from '../preview/preview-id.ts'
import { BY_KEY } from './previews.ts'

export interface CopyWish {
  /** The copy that is to be. */
  copy: PreviewId
  /** The preview that it is made of. */
  of: PreviewId
  kept: boolean
  /** How long its pin lasts from when it is made, milliseconds; null: without an end. */
  lasts: number | null
  askedAt: number
  actor: Actor
}

type Row = PreviewKey & {
  of_tag: Tag
  kept: 0 | 1
  lasts: number | null
  asked_at: number
  who: string
  address: string | null
  request: string | null
}

export function copyWishes(db: Database) {
  const select = db.prepare<[], Row>('SELECT * FROM copy_wish ORDER BY asked_at, repository, tag')
  const selectOne = db.prepare<PreviewKey, Row>(`SELECT * FROM copy_wish WHERE ${BY_KEY}`)
  const insert = db.prepare(`
    INSERT INTO copy_wish (repository, tag, of_tag, kept, lasts, asked_at, who, address, request)
    VALUES (@repository, @tag, @of_tag, @kept, @lasts, @asked_at, @who, @address, @request)
  `)
  const remove = db.prepare<PreviewKey>(`DELETE FROM copy_wish WHERE ${BY_KEY}`)
  const selectPreview = db.prepare<PreviewKey>(`SELECT 1 FROM preview WHERE ${BY_KEY}`).pluck()

  const find = (copy: PreviewId): CopyWish | undefined => {
    const row = selectOne.get(splitId(copy))
    return row && toWish(row)
  }

  const ask = db.transaction((wish: CopyWish): boolean => {
    const found = find(wish.copy)
    if (found) return found.of === wish.of && found.kept === wish.kept && found.lasts === wish.lasts
    if (selectPreview.get(splitId(wish.copy)) !== undefined) return false
    insert.run(toRow(wish))
    return true
  })

  return {
    list: (): CopyWish[] => select.all().map(toWish),

    find,

    /** The same wish twice is one. @returns false where another one, or a preview, has the name */
    ask: (wish: CopyWish): boolean => ask.immediate(wish),

    /** It has come true, or cannot. */
    forget: (copy: PreviewId): void => void remove.run(splitId(copy)),
  }
}

function toWish({ repository, tag, of_tag, kept, lasts, asked_at, who, address, request }: Row): CopyWish {
  const actor = { who, address, ...(request !== null && { request }) }
  const ids = { copy: idOf({ repository, tag }), of: idOf({ repository, tag: of_tag }) }
  return { ...ids, kept: kept === 1, lasts, askedAt: asked_at, actor }
}

function toRow({ copy, of, kept, lasts, askedAt, actor }: CopyWish): Row {
  const { who, address, request = null } = actor
  return {
    ...splitId(copy),
    of_tag: splitId(of).tag,
    kept: kept ? 1 : 0,
    lasts,
    asked_at: askedAt,
    who,
    address,
    request,
  }
}
