/** Pure. The numbers above the list, and what comes next. */
import { nextDue, type Due } from '../../shared/preview/timeouts.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import { bytes, memory } from './format.ts'
import { inTime } from './next-words.ts'
import type { ListFacts } from './preview-row.ts'

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

export function summaryOf(facts: SummaryFacts) {
  const { previews, config, machine, slept } = facts
  const amount = (state: Preview['state']) => previews.filter((preview) => preview.state === state).length
  const [running, waiting] = [amount('running'), amount('queued')]
  const [next, ...then] = nextSteps(facts)
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
    next: next ? `${verbs[next.what]} ${next.tag} ${next.when}` : 'Nothing is due',
    then: then.length
      ? `then ${then.map(({ tag, what, when }) => `${what === 'clean' ? `the image of ${tag}` : tag} ${when}`).join(', ')}`
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
function nextSteps({ previews, config, now }: SummaryFacts) {
  return previews
    .flatMap((preview) => {
      const due = nextDue(preview, config, now)
      return due && preview.state !== 'failed' ? [{ tag: preview.tag, ...due }] : []
    })
    .toSorted((a, b) => a.at - b.at)
    .slice(0, 3)
    .map(({ tag, what, at }) => ({ tag, what, when: inTime(at - now) }))
}

const verbs: Record<Due['what'], string> = { pause: 'Pauses', stop: 'Stops', clean: 'Removes the image of' }

/** `1 312`, by a narrow space that does not break. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, '\u202f')
}
