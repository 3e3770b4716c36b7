import type { Change } from '../../shared/store/store.ts'
import { actorWords, historyWords } from '../words/history-words.ts'
import { age, clock, elapsed } from './format.ts'

export interface Entry {
  state: string
  /** `14:32:13`; `datetime` is ISO 8601. */
  time: string
  datetime: string
  why: string
  lasted: string
  /** On the first entry below that heading. */
  group: string | null
}

export function historyOf(tag: string, newestFirst: Change[], now: number): Entry[] {
  let group: string | null = null
  return staysOf(tag, newestFirst).map((stay, i, stays) => {
    const lasted = (stays[i - 1]?.at ?? now) - stay.at
    const heading = headingOf(stay, now)
    const entry = {
      state: stay.state,
      time: clock(stay.at, true),
      datetime: new Date(stay.at).toISOString(),
      why: stay.why.filter(Boolean).join(', '),
      lasted: lasted < 60_000 ? elapsed(lasted) : age(lasted),
      group: heading === group ? null : heading,
    }
    group = heading
    return entry
  })
}

interface Stay {
  state: string
  at: number
  generation: number | null
  why: string[]
}

/** A change that keeps the state belongs to the stay it falls into; the way up belongs to the generation it led to. */
function staysOf(tag: string, history: Change[]): Stay[] {
  const stays: Stay[] = []
  for (const { state, was, at, generation, event, detail, who, address } of history.toReversed()) {
    const why = [historyWords(event, detail, tag), actorWords({ who, address })].filter(Boolean).join(' ')
    const stay = stays.at(-1)
    if (stay && state === was && stay.state === state) {
      stay.why.push(why)
      stay.generation = generation ?? stay.generation
    } else stays.push({ state, at, generation, why: [why] })
  }
  const newestFirst = stays.reverse()
  for (const [i, stay] of newestFirst.entries()) stay.generation ??= newestFirst[i - 1]?.generation ?? null
  return newestFirst
}

function headingOf({ generation, at }: Stay, now: number): string {
  const what = generation === null ? 'Not started yet' : `Generation ${generation}`
  return `${what}, ${dayOf(at, now)}`
}

function dayOf(at: number, now: number): string {
  const [day, today] = [new Date(at), new Date(now)]
  const days = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86_400_000)
  if (days <= 1) return days === 1 ? 'yesterday' : 'today'
  const year = day.getFullYear() === today.getFullYear() ? undefined : 'numeric'
  return day.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year })
}
