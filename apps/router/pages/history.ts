/** A preview's history for its page: one entry for each stay in a state, newest first. */
import type { Change } from '../../shared/store/store.ts'
import { age, clock, elapsed } from './format.ts'

export interface Entry {
  state: string
  /** `14:32:13`; `datetime` is ISO 8601. */
  time: string
  datetime: string
  why: string
  lasted: string
  /** `Generation 4, today`, on the first entry below that heading. */
  group: string | null
}

/** @param history newest first */
export function historyOf(history: Change[], now: number): Entry[] {
  let group: string | null = null
  return staysOf(history).map((stay, i, stays) => {
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
function staysOf(history: Change[]): Stay[] {
  const stays: Stay[] = []
  for (const { state, was, at, generation, event, detail } of history.toReversed()) {
    const why = textOf(event, detail)
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

const startReasons: Record<string, string> = {
  visit: 'a visitor opened it',
  admin: 'Start was pressed',
  api: 'asked for',
  retry: 'another try',
  reaper: 'it should run',
}
const stopReasons: Record<string, string> = {
  asked: 'asked to',
  idle: 'it was not in use',
  lifetime: 'its lifetime was over',
  room: 'to make room for another',
  disk: 'to make room on the disk',
  moved: 'previews are reached in another way now',
}

function textOf(event: string, detail: string | null): string {
  switch (event) {
    case 'start':
      return startReasons[detail ?? ''] ?? ''
    case 'stop':
      return stopReasons[detail ?? ''] ?? ''
    case 'restart':
      return 'a restart was asked for'
    case 'pause':
      return 'it was not in use'
    case 'freeze':
      return 'its container is frozen'
    case 'woken':
      return 'its container goes on'
    case 'curbed':
      return detail === 'no more'
        ? 'it may use the processor again'
        : 'it makes processes without end: it gets little of the processor'
    case 'inUse':
      return 'it is in use after all'
    case 'renewed':
      return 'a newer image is here'
    case 'replace':
      return 'a container of it comes up beside'
    case 'left':
      return 'the older container is gone'
    case 'remove':
      return 'its removal was asked for'
    case 'found':
      return 'its image was here'
    case 'imageGone':
      return 'its image had gone'
    case 'missing':
      return 'the registry does not have it'
    case 'pulled':
      return detail ? `image ${detail.replace(/^sha256:/, '').slice(0, 8)}` : 'image pulled'
    case 'created':
      return detail ? `container ${detail}` : ''
    case 'cleaned':
      return 'container and image removed'
    case 'adopt':
      return 'was running already'
    case 'answered':
      return detail ?? 'gave its first answer'
    default:
      // `begin` names its slot, `fail` and `exited` the engine's words; the others have no detail.
      return detail ?? ''
  }
}
