/** What the images that Lotan has take of the engine's disk, whose they are, and when each goes. */
import { bytesAbove, usedPercent } from '../../../shared/disk-space.ts'
import { isPinned, type Preview } from '../../../shared/preview/preview.ts'
import { idOf } from '../../../shared/preview/preview-id.ts'
import { duesOf, type Timeouts } from '../../../shared/preview/timeouts.ts'
import type { SystemFacts } from '../../system/gather.ts'
import { age, bytes, count } from '../format.ts'

const MOST = 8

interface ImageRow {
  id: string
  bytes: number
  shared: number | null
  tags: string[]
  note: string
}

export interface Meter {
  name: string
  title: string
  /** Widths in percent; `shared` begins where `own` ends. */
  own: number
  shared: number
  size: string
  note: string
}

export function diskOf(facts: SystemFacts, timeouts: Timeouts) {
  const { told, images } = facts
  const rows = rowsOf(facts, timeouts).sort((a, b) => b.bytes - a.bytes)
  const largest = rows[0]?.bytes ?? 0
  const meters = rows.map((row) => meterOf(row, largest))
  return {
    head: headOf(told.disk),
    top: meters.slice(0, MOST),
    rest: meters.slice(MOST),
    restWords: rows.length > MOST ? restWords(rows.slice(MOST)) : '',
    foot: [
      sharedWords(rows, images !== null),
      told.disk.data === null
        ? ''
        : `The data directory’s disk: ${bytes(told.disk.data.free)} of ${bytes(told.disk.data.total)} free.`,
    ].filter(Boolean),
  }
}

function headOf({ engine, marks }: SystemFacts['told']['disk']): { used: string; of: string; over: boolean } | null {
  if (!engine) return null
  const disk = { ...engine, root: engine.path }
  const high = bytes((disk.total * marks.high) / 100)
  const isOver = usedPercent(disk) > marks.high
  const above = bytesAbove(disk, marks.low)
  const of = isOver
    ? `of ${bytes(disk.total)}: unused previews go until ${bytes(above)} are freed`
    : `of ${bytes(disk.total)}, cleaned from ${high} on`
  return { used: bytes(disk.total - disk.free), of, over: isOver }
}

/** Sizes are the engine's; while it does not tell, those that were noted as each image came. */
function rowsOf({ images, previews, pulled, now }: SystemFacts, timeouts: Timeouts): ImageRow[] {
  const withImage = previews.filter(({ image }) => image !== null)
  const users = Map.groupBy(withImage, ({ image }) => image!.id)
  const noted = [...users].map(([id, [first]]) => ({ id, bytes: first!.image!.bytes, shared: null }))
  return (images ?? noted).map(({ id, bytes, shared }) => {
    const of = users.get(id)
    if (of) return { id, bytes, shared, tags: of.map(idOf), note: goesWhen(of, timeouts, now) }
    const tags = [...new Set(pulled.filter((one) => one.id === id).map(idOf))]
    return { id, bytes, shared, tags, note: 'older: goes once no container needs it' }
  })
}

/** An image goes with the last preview that has it. */
function goesWhen(previews: readonly Preview[], timeouts: Timeouts, now: number): string {
  if (previews.some(({ image }) => !image!.pulled)) return 'not pulled by Lotan: stays'
  if (previews.some((preview) => isPinned(preview, now))) return 'pinned'
  if (previews.some(({ state }) => state !== 'stopped' && state !== 'failed')) return 'in use'
  const ends = previews.map((preview) => duesOf(preview, timeouts).find(({ what }) => what === 'clean'))
  if (ends.some((due) => due === undefined)) return 'stays until the disk needs the room'
  const at = Math.max(...ends.map((due) => due!.at))
  const failed = previews.every(({ state }) => state === 'failed') ? 'failed, ' : ''
  return `${failed}goes ${at > now ? `in ${age(at - now)}` : 'now'}`
}

function meterOf({ tags, bytes: size, shared, note }: ImageRow, largest: number): Meter {
  const percent = (part: number) => (largest > 0 ? Math.round((part / largest) * 1_000) / 10 : 0)
  const [first = 'unknown', ...more] = tags
  return {
    name: more.length > 0 ? `${first} and ${more.length} more` : first,
    title: tags.join(', '),
    own: percent(size - (shared ?? 0)),
    shared: percent(shared ?? 0),
    size: bytes(size),
    note,
  }
}

function restWords(rows: readonly ImageRow[]): string {
  return `${count(rows.length, 'other')}, ${bytes(rows.reduce((all, row) => all + row.bytes, 0))}, shared layers counted with each`
}

function sharedWords(rows: readonly ImageRow[], isMeasured: boolean): string {
  if (rows.length === 0) return 'Lotan has no image here.'
  const all = count(rows.length, 'image')
  if (!isMeasured) return `${all}; the sizes are those of their pulls, since the engine does not tell now.`
  const known = rows.every(({ shared }) => shared !== null)
  if (!known) return `${all}. Layers that images share are counted with each: this engine does not tell them apart.`
  const own = rows.reduce((sum, row) => sum + row.bytes - row.shared!, 0)
  return `${all}; ${bytes(own)} of it no other image has. The lighter part of a bar is layers that other images have too.`
}
