import { setTimeout as sleep } from 'node:timers/promises'
import { ask, listen, type Answer, type Api, type Event, type Refusal, type View } from '../api.ts'

/** Proxies give up a request that is silent for 60 s, some after 30 s. */
const ASK_MS = 25_000
const GRACE_MS = 10_000
const AGAIN_MS = 1_000
const LISTEN_AGAIN_MS = 250
/** A tag without a row has no events. `/wait` makes a row within this time, unless the registry lacks the tag. */
const ROW_MS = 1_000
const LEAST_REQUEST_MS = 20

/**
 * `refused`: the API's final answer. `away`: no answer ever came. `strange`: an answer that Lotan never gives. `late`:
 * `trouble` stood in the way last, unless that was the preview. `other`: it runs, but not the image that was wanted.
 */
export type Ended =
  | { end: 'running'; view: View }
  | { end: 'refused'; problem: Refusal }
  | { end: 'away'; why: string }
  | { end: 'strange'; status: number; location: string | undefined }
  | { end: 'late'; state: string | undefined; trouble: string | undefined }
  | { end: 'other'; digest: string | null; wanted: string }

/** @param within milliseconds @param most milliseconds that one request may last: a wait takes several */
export async function askUntilRunning(tag: string, api: Api, within: number, most = ASK_MS): Promise<Ended> {
  const deadline = performance.now() + within
  const left = () => Math.max(0, deadline - performance.now())
  let state: string | undefined
  for (let answered = false; ;) {
    const part = Math.min(left(), most)
    const seconds = (part / 1_000).toFixed(3)
    const answer = await ask(api, `/previews/${encodeURIComponent(tag)}/wait?timeout=${seconds}`, part + GRACE_MS)
    const ended = endOf(answer, tag)
    if (ended) return ended
    if ('away' in answer && !answered) return { end: 'away', why: answer.away }
    answered = true
    const trouble = troubleOf(answer, tag)
    if (!trouble && 'json' in answer) state = answer.json?.state
    if (left() < LEAST_REQUEST_MS) return { end: 'late', state, trouble }
    // Lotan, or a proxy in front of it, may be restarting.
    if (trouble) await sleep(Math.min(AGAIN_MS, left()))
  }
}

/** Also reports a preview that appears later. */
export async function follow(tag: string, api: Api, hear: (event: Event) => void, signal: AbortSignal): Promise<void> {
  const began = performance.now()
  while (!signal.aborted) {
    let pause = LISTEN_AGAIN_MS
    try {
      const events = await listen(api, `/previews/${encodeURIComponent(tag)}/events`, signal)
      if (events) for await (const event of events) hear(event)
      else if (performance.now() - began > ROW_MS) hear({ event: 'removed', data: { repository: '', tag } })
    } catch {
      // Events only feed the display; `askUntilRunning` decides how the wait ends.
      pause = AGAIN_MS
    }
    await sleep(pause, undefined, { signal }).catch(() => {})
  }
}

/** Undefined: ask again. */
function endOf(answer: Answer, tag: string): Ended | undefined {
  if ('away' in answer) return undefined
  const { status, json, location } = answer
  if (status === 200 && json?.state === 'running' && json.tag === tag && typeof json.url === 'string')
    return { end: 'running', view: json as View }
  // A proxy may answer with these too, but does not name the tag.
  const isAboutTag = json?.tag === tag && typeof json.detail === 'string'
  if ((isAboutTag && [403, 409, 502].includes(status)) || status === 401)
    return { end: 'refused', problem: { ...json, status } as Refusal }
  if (status === 429 || status >= 500) return undefined
  return { end: 'strange', status, location }
}

/** Undefined where Lotan itself said that it takes longer. */
function troubleOf(answer: Answer, tag: string): string | undefined {
  if ('away' in answer) return answer.away
  return answer.json?.tag === tag ? undefined : `it answers ${answer.status}`
}
