/** Each slot is a cell of a picture: in the order of the legend, not of the pool, so that it is read at a glance. */
import { generationsOf, type Preview } from '../../../shared/preview/preview.ts'
import type { SystemFacts } from '../../system/gather.ts'

const COLUMNS = 100
const [CELL, ROW] = [10, 12]

/** `class` is the stylesheet's. */
export interface Cells {
  class: string
  words: string
  d: string
}

export type SlotView = ReturnType<typeof slotsOf>

export function slotsOf({ told, previews, sandboxes, noted }: SystemFacts, wanted: number) {
  const { total, taken, resting } = told.slots
  const held = heldBy(previews)
  const withSlot = sandboxes.filter(({ slot, preview }) => slot !== null && preview === null)
  const ready = withSlot.filter(({ state }) => state === 'ready' || state === 'unchecked').length
  const known = held.serving + held.coming + held.asleep + held.going
  // A sandbox that is being made, or was given to a generation that has gone.
  const others = Math.max(0, taken - known - ready)
  const free = Math.max(0, total - taken - resting)
  let at = 0
  const cells = (
    [
      ['c4', held.serving, 'serve'],
      ['c2', held.coming, 'coming up'],
      ['c3', ready, 'sandboxes ready'],
      ['c5', held.asleep, 'kept for sleeping previews'],
      ['c1', held.going + others + resting, 'going or resting'],
      ['track', free, 'free'],
    ] as const
  )
    .filter(([, n, words]) => n > 0 || words === 'serve')
    .map(([name, n, words]): Cells => ({ class: name, words: `${n} ${words}`, d: bandsFrom(at, (at += n)) }))
  return {
    cells,
    box: `0 0 ${COLUMNS * CELL} ${Math.ceil(Math.max(at, 1) / COLUMNS) * ROW}`,
    sandboxes: sandboxWords(told.sandboxes, wanted),
    kind: kindWords(noted),
  }
}

function heldBy(previews: readonly Preview[]) {
  const held = { serving: 0, coming: 0, asleep: 0, going: 0 }
  for (const preview of previews)
    for (const generation of generationsOf(preview)) if (generation.slot !== null) held[roleOf(preview, generation)]++
  return held
}

function roleOf(preview: Preview, generation: object): 'serving' | 'coming' | 'asleep' | 'going' {
  const isOwn = 'generation' in preview && preview.generation === generation
  if (!isOwn) return preview.state === 'running' && preview.pending === generation ? 'coming' : 'going'
  if (preview.state === 'running' || preview.state === 'paused') return 'serving'
  if (preview.state === 'stopped') return 'asleep'
  return preview.state === 'stopping' || preview.state === 'removing' ? 'going' : 'coming'
}

/** Bands of rows: the view cuts cells out of them, so that 2000 slots are no longer a text than 20. */
function bandsFrom(from: number, to: number): string {
  const bands: string[] = []
  for (let at = from; at < to;) {
    const length = Math.min(to - at, COLUMNS - (at % COLUMNS))
    bands.push(`M${(at % COLUMNS) * CELL} ${Math.floor(at / COLUMNS) * ROW}h${length * CELL}v${ROW}h-${length * CELL}z`)
    at += length
  }
  return bands.join('')
}

function sandboxWords(states: Record<string, number>, wanted: number): string {
  if (wanted === 0) return 'None stand ready, as LOTAN_SANDBOXES says: each start makes its own network.'
  const making = states.making ? `, ${states.making} in the making` : ''
  const given = states.given ? `, ${states.given} more with previews` : ''
  return `${states.ready ?? 0} of ${wanted} stand ready${making}${given}. A start that finds none makes its own network first.`
}

function kindWords({ slotKind, slotWhy }: SystemFacts['noted']): string {
  if (slotKind === null) return 'Where slots are is not known yet.'
  const words = slotKind === 'network' ? 'addresses of a network of Lotan’s own' : 'ports of 127.0.0.1'
  return `Slots are ${words}${slotWhy === null ? '' : `: ${slotWhy}`}.`
}
