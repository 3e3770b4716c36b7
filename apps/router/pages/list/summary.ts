/** Pure. The numbers above the list, and what comes next. */
import { shownTag } from '../../../shared/preview/copy-tag.ts'
import type { NextAction } from '../../../shared/preview/next-actions.ts'
import type { Preview } from '../../../shared/preview/preview.ts'
import { idOf } from '../../../shared/preview/preview-id.ts'
import { bytes, memory } from '../format.ts'
import { inTime } from './next-words.ts'
import type { ListFacts } from './row.ts'

/** A number of something limited. */
export interface Meter {
  used: number
  most: number
  text: string
  of: string
  /** More than it should be. */
  isOver: boolean
}

const HOUR_MS = 60 * 60_000
const GB = 1_024 ** 3

type SummaryFacts = Pick<ListFacts, 'previews' | 'config' | 'machine' | 'slept' | 'now'>

/** @param actions the earliest first */
export function summaryOf(facts: SummaryFacts, actions: readonly NextAction[]) {
  const { previews, config, machine, slept } = facts
  const amount = (state: Preview['state']) => previews.filter((preview) => preview.state === state).length
  const [running, waiting] = [amount('running'), amount('queued')]
  const [next, ...then] = nextSteps(actions, facts.now)
  const hours = Math.round(slept.slept / HOUR_MS)
  const memoryHours = Math.round(slept.byteMs / HOUR_MS / GB)
  return {
    running: {
      used: running,
      most: config.maxRunning,
      text: String(running),
      of: String(config.maxRunning),
      isOver: running > config.maxRunning,
    } satisfies Meter,
    memory: machine?.memory
      ? meter(machine.memory.total - machine.memory.available, machine.memory.total, config.memoryHigh, memory)
      : null,
    disk: machine?.disk
      ? meter(machine.disk.total - machine.disk.free, machine.disk.total, config.disk.high, bytes)
      : null,
    waiting,
    busy: [`${amount('pulling')} pulling`, `${amount('starting')} starting`].join(', '),
    next: next ? `${verbs[next.what]} ${next.name} ${next.when}` : 'Nothing is due',
    then: then.length
      ? `then ${then.map(({ name, what, when }) => `${what === 'clean' ? `the image of ${name}` : name} ${when}`).join(', ')}`
      : '',
    slept:
      slept.previews === 0
        ? null
        : { hours: `slept ${grouped(hours)}\u00a0h`, memory: `${grouped(memoryHours)}\u00a0GB\u00a0h of memory` },
  }
}

/** @param high percent from which on it is too much */
function meter(used: number, most: number, high: number, words: (count: number) => string): Meter {
  return { used, most, text: words(used), of: words(most), isOver: used * 100 > most * high }
}

/** A failed one's image goes too, but what runs is what people ask about. */
function nextSteps(actions: readonly NextAction[], now: number) {
  return actions
    .filter(({ preview }) => preview.state !== 'failed')
    .slice(0, 3)
    .map(({ preview, what, why, at }) => ({
      name: why === 'room' ? `${shownTag(idOf(preview))} for room` : shownTag(idOf(preview)),
      what,
      when: inTime(at - now),
    }))
}

const verbs: Record<NextAction['what'], string> = { pause: 'Pauses', stop: 'Stops', clean: 'Removes the image of' }

/** `1 312`, by a narrow space that does not break. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, '\u202f')
}
