/** The history of a preview, one entry a start. Pure. */
import type { Change } from '../../../shared/store/store.ts'
import { actorWords } from '../../words/history-words.ts'
import { stopWords } from '../../words/stop-words.ts'
import type { StopWhy } from '../../../shared/preview/preview.ts'
import { age, elapsed } from '../format.ts'
import { momentWords } from './moments.ts'

export interface Start {
  /** Its own on the page. */
  key: string
  /** Milliseconds since 1970, here and below. */
  at: number
  /** The last one that it came to; `stopped` where another start has followed, or its removal. */
  state: string
  /** Why it began, and how it went. */
  title: string
  lasted: string
  /** Null where it never answered. */
  cold: ColdStart | null
  moments: { at: number; words: string; took: string }[]
}

export interface ColdStart {
  total: string
  parts: { name: string; colour: string; took: string; x: number; width: number }[]
}

const resting = ['unknown', 'stopped', 'failed']

/** @param newestFirst of one preview; the oldest start may be without its beginning */
export function startsOf(tag: string, newestFirst: readonly Change[], now: number): Start[] {
  const groups: { changes: Change[]; cause: Change | undefined }[] = []
  let asked: Change | undefined
  for (const change of newestFirst.toReversed()) {
    if (groups.length === 0 || begins(change)) groups.push({ changes: [], cause: isRestart(change) ? asked : change })
    groups.at(-1)!.changes.push(change)
    if (change.event === 'restart' || change.event === 'start') asked = change
  }
  return groups.map(({ changes, cause }, i) => startOf(tag, changes, cause, { next: groups[i + 1]?.changes[0], now })).reverse()
} // prettier-ignore

function begins(change: Change): boolean {
  const { was, state, event } = change
  if (event === 'replace' || event === 'adopt') return true
  return (resting.includes(was) && !resting.includes(state) && state !== 'removing') || isRestart(change)
}

/** One that was going starts again: what asked for that was told in the entry before. */
function isRestart({ was, state }: Change): boolean {
  return (was === 'stopping' || was === 'removing') && state === 'queued'
}

function startOf(
  tag: string,
  changes: Change[],
  cause: Change | undefined,
  { next, now }: { next: Change | undefined; now: number },
): Start {
  const [first, last] = [changes[0]!, changes.at(-1)!]
  const cold = coldStartOf(changes)
  const rest = changes.find(({ was, state }) => !resting.includes(was) && resting.includes(state))
  const lasted = (rest?.at ?? next?.at ?? now) - first.at
  const isOver = next !== undefined && !resting.includes(last.state)
  return {
    key: String(first.id),
    at: first.at,
    state: isOver || last.state === 'unknown' ? 'stopped' : last.state,
    title: [cause ? momentWords(cause, tag) : '', outcomeOf(changes, { cold, next })].filter(Boolean).join('; '),
    lasted: resting.includes(first.state) ? '' : lasted < 60_000 ? elapsed(lasted) : age(lasted),
    cold,
    moments: changes.map((change, i) => {
      const until = changes[i + 1]?.at
      return { at: change.at, words: momentWords(change, tag), took: until === undefined ? '' : elapsed(until - change.at) }
    }),
  }
} // prettier-ignore

function outcomeOf(changes: Change[], { cold, next }: { cold: ColdStart | null; next: Change | undefined }): string {
  const answered = cold && `first answer after ${cold.total}`
  const end = changes.findLast(({ event, state, was }) => (event === 'stop' && state === 'stopping') || (state === 'failed' && was !== 'failed') || event === 'remove' || (event === 'exited' && state === 'stopped')) // prettier-ignore
  if (next?.event === 'replace') return 'a newer image took over'
  if (next && isRestart(next)) return 'restarted'
  const isBack = end && changes.slice(changes.indexOf(end)).some(({ state }) => state === 'running')
  return (end && !isBack ? endWords(end) : answered) ?? ''
}

function endWords(end: Change): string {
  const { event, detail } = end
  if (event === 'remove') return ['removed', actorWords(end)].filter(Boolean).join(' ')
  if (event !== 'stop') return detail ?? ''
  const why = Object.hasOwn(stopWords, detail ?? '') ? stopWords[detail as StopWhy].history : ''
  return detail === 'asked' ? ['stopped', actorWords(end)].filter(Boolean).join(' ') : `stopped: ${why}`
}

/** Where the time went from the asking to the first answer. */
function coldStartOf(changes: Change[]): ColdStart | null {
  const first = changes[0]!
  const answered = changes.find(({ event, was }) => event === 'answered' && was === 'starting')
  if (!answered || first.state !== 'queued' || answered.at <= first.at) return null
  const at = (event: string) => changes.findLast((change) => change.event === event && change.at <= answered.at)?.at
  const pulled = at('pulled')
  const marks = [
    { name: 'queued', colour: 'c1', at: first.at },
    { name: 'pulled', colour: 'c2', at: pulled === undefined ? undefined : at('pull') },
    { name: 'container made', colour: 'c3', at: pulled ?? at('begin') },
    { name: 'first answer', colour: 'c4', at: at('started') },
  ].filter((mark): mark is typeof mark & { at: number } => mark.at !== undefined)
  const total = answered.at - first.at
  return {
    total: elapsed(total),
    parts: marks.map(({ name, colour, at }, i) => {
      const until = marks[i + 1]?.at ?? answered.at
      const x = Math.round(((at - first.at) / total) * 1_000)
      return { name, colour, took: elapsed(until - at), x, width: Math.max(0, Math.round(((until - at) / total) * 1_000) - 3) }
    }),
  }
} // prettier-ignore
