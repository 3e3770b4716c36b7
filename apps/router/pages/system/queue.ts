/** What waits for what, in the order in which it is served. By the database: it is right also while Redis is away. */
import type { System } from '../../../shared/api/system.ts'
import { median } from '../../../shared/median.ts'
import type { Preview } from '../../../shared/preview/preview.ts'
import { idOf } from '../../../shared/preview/preview-id.ts'
import { isDue, rankOf, startQueue } from '../../../shared/preview/start-queue.ts'
import type { Lately } from '../../../shared/preview/start-times.ts'
import type { SystemFacts } from '../../system/gather.ts'
import { bytes, duration, roughly } from '../format.ts'

const MOST_NAMED = 4

export interface Lane {
  name: string
  now: number
  which: string
  title: string
  pace: string
}

export function queueOf({ previews, lately, told, now }: SystemFacts): { lanes: Lane[]; jobs: string } {
  const waiting = Map.groupBy(startQueue(previews, now), (preview) => rankOf(preview, now))
  const inState = (...states: Preview['state'][]) => previews.filter(({ state }) => states.includes(state))
  const starting = previews.filter((preview) => preview.state === 'starting' || isWaking(preview))
  const lane = (name: string, of: readonly Preview[], pace = oldest(of, now)): Lane => {
    const tags = of.map(idOf)
    const more = tags.length - MOST_NAMED
    const which = `${tags.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
    return { name, now: of.length, which: which || '–', title: tags.slice(0, 100).join(', '), pace }
  }
  return {
    lanes: [
      lane('People looking', waiting.get(0) ?? []),
      lane('Programs waiting', waiting.get(1) ?? []),
      lane('Asked for, nobody waits', waiting.get(2) ?? []),
      lane(
        'Tried again later',
        previews.filter((one) => one.state === 'queued' && !isDue(one, now)),
        '',
      ),
      lane('Pulling', inState('pulling'), pullPace(lately)),
      lane('Starting', starting, startPace(lately)),
      lane(
        'Newer image coming up',
        previews.filter((one) => one.state === 'running' && one.pending !== null),
        '',
      ),
      lane('Stopping, removing', inState('stopping', 'removing')),
    ],
    jobs: jobWords(told.queue),
  }
}

function isWaking(preview: Preview): boolean {
  return preview.state === 'paused' && preview.phase === 'waking'
}

function oldest(previews: readonly Preview[], now: number): string {
  return previews.length === 0 ? '' : `oldest ${duration(now - Math.min(...previews.map(({ since }) => since)))}`
}

function pullPace({ pullRate }: Pick<Lately, 'pullRate'>): string {
  const rate = median(pullRate)
  return rate === undefined ? '' : `${bytes(rate * 1_000)} a second of late`
}

function startPace({ start }: Pick<Lately, 'start'>): string {
  const took = median(start)
  return took === undefined ? '' : `${roughly(took)} of late`
}

function jobWords(queue: System['queue']): string {
  if (queue === null) return 'Redis does not answer: its jobs are not known.'
  const busy = Object.entries(queue).flatMap(([lane, { waiting, active }]) =>
    waiting + active > 0 ? `${lane} ${active} at work${waiting > 0 ? `, ${waiting} waiting` : ''}` : [],
  )
  return busy.length === 0 ? 'No job is at work or waits.' : `Jobs by lane: ${busy.join('; ')}.`
}
