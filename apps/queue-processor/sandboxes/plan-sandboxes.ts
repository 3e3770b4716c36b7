/** Plans what is due with sandboxes: compares the rows with the engine's. Pure. */
import type { SandboxContainer } from '../../shared/engine/engine.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import { idOf, type PreviewId } from '../../shared/preview/preview-id.ts'
import { usedAt } from '../../shared/preview/timeouts.ts'
import { hostPortOf, type SlotScheme } from '../../shared/slots/slot-scheme.ts'
import type { Sandbox } from '../../shared/store/sandboxes.ts'

export interface Facts {
  rows: readonly Sandbox[]
  /** Null where the engine was not asked: then nothing is concluded of what it has. */
  found: readonly SandboxContainer[] | null
  previews: readonly Preview[]
  scheme: SlotScheme
  /** How many there are, and how many of them are neither held nor rest. */
  slots: number
  spare: number
  /** Where slots are ports: the port that a sandbox made ahead leads to. */
  port: number
  wanted: { ready: number; kept: number }
}

export type Action =
  | { do: 'make' }
  /** It goes, its row too, and its slot rests. */
  | { do: 'remove'; number: number }
  /** Its row alone goes. */
  | { do: 'forget'; number: number }
  /** It is as its row says. */
  | { do: 'ready'; number: number }
  /** A stopped preview's: it ends, and gives its slot up where that can be had again. */
  | { do: 'stop'; number: number; givesSlot: boolean }

/** So many slots are left to starts: below that none is taken for a sandbox, and kept ones give theirs up. */
export function leastSpare(slots: number): number {
  return Math.min(5, Math.max(1, Math.floor(slots / 10)))
}

export function planSandboxes(facts: Facts): Action[] {
  const removals = removalsOf(facts)
  const gone = new Set(removals.map(({ number }) => number))
  const left = facts.rows.filter(({ state, number }) => state !== 'given' && !gone.has(number))
  const isSafe = ({ state }: Sandbox) => state === 'ready' || facts.found !== null
  const ready = readyFor(facts)
  const surplus = left.slice(ready).filter(isSafe)
  const checked = facts.found ? left.slice(0, ready).filter(({ state }) => state === 'unchecked') : []
  const mayMake = left.length < ready && facts.spare > leastSpare(facts.slots)
  return [
    ...checked.map(({ number }) => ({ do: 'ready' as const, number })),
    ...removals,
    ...surplus.map(({ number }) => ({ do: 'remove' as const, number })),
    ...stopsOf(facts, gone),
    ...(mayMake ? [{ do: 'make' as const }] : []),
  ]
}

/** One for each image that is being pulled, if they are more: it is made beside the pull. */
function readyFor({ wanted, previews }: Pick<Facts, 'wanted' | 'previews'>): number {
  const pulls = previews.filter(({ state }) => state === 'pulling').length
  return wanted.ready === 0 ? 0 : Math.max(wanted.ready, pulls)
}

function removalsOf({ rows, found, ...place }: Facts): { do: 'remove' | 'forget'; number: number }[] {
  if (!found) return []
  const known = new Map(found.map((sandbox) => [sandbox.number, sandbox]))
  const own = new Set(rows.map(({ number }) => number))
  // What a container of a lost database joins is that container's, which is adopted or swept.
  const unknown = found.filter(({ number, isJoined }) => !own.has(number) && !isJoined)
  return [...rows, ...unknown].flatMap((row) => {
    const there = known.get(row.number)
    if (!('state' in row)) return { do: 'remove', number: row.number }
    // Its container goes first: without its sandbox it would run on without a network.
    if (row.state === 'given')
      return row.preview === null && !there?.isJoined ? { do: 'remove', number: row.number } : []
    // It was given away after the back-up that was restored.
    if (there?.isJoined) return { do: 'forget', number: row.number }
    const isUsable = there && row.state !== 'making' && isInPlace(row, there, place)
    return isUsable ? [] : { do: 'remove', number: row.number }
  })
}

function isInPlace(
  row: Sandbox,
  there: SandboxContainer,
  { scheme, port, slots }: Pick<Facts, 'scheme' | 'port' | 'slots'>,
): boolean {
  if (!there.running || row.slot === null || row.slot > slots) return false
  if (scheme.kind === 'port' && row.port !== port) return false
  const { address, published } = hostPortOf(scheme, { slot: row.slot, port })
  return scheme.kind === 'network' ? there.address === address : there.published === published
}

/** Those of stopped previews beyond the number that is kept, the longest unused first; more where slots run short. */
function stopsOf({ rows, found, previews, scheme, slots, spare, wanted }: Facts, gone: Set<number>): Action[] {
  const byId = new Map<PreviewId, Preview>(previews.map((preview) => [idOf(preview), preview]))
  const isUp = new Set(found?.filter(({ running }) => running).map(({ number }) => number))
  const kept = rows
    .flatMap((row) => {
      const preview = row.preview === null || gone.has(row.number) ? undefined : byId.get(row.preview)
      return preview?.state === 'stopped' && preview.generation?.sandbox === row.number ? [{ row, preview }] : []
    })
    .sort((a, b) => usedAt(a.preview) - usedAt(b.preview))
  const givesSlot = scheme.kind === 'network'
  const isOn = ({ row }: { row: Sandbox }) => isUp.has(row.number) || (givesSlot && row.slot !== null)
  const on = kept.filter(isOn)
  const short = givesSlot ? Math.max(0, leastSpare(slots) - spare) : 0
  return on
    .slice(0, Math.max(short, on.length - wanted.kept))
    .map(({ row: { number } }) => ({ do: 'stop', number, givesSlot }))
}
