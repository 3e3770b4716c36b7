/** Asks the API to start a preview and to say when it runs, for longer than one request may last. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, listen, type Answer, type Api, type Event, type Refusal, type View } from '../api.ts'

/** Proxies give up a request that is silent for 60 s, some for 30 s. */
const ASK_MS = 25_000
/** How much later than promised an answer may come. */
const LATE_MS = 10_000
const AGAIN_MS = 1_000
const LISTEN_AGAIN_MS = 250
/** A tag without a row has no events. Within this time our own wish has made one; after it the registry has no such tag. */
const ROW_MS = 1_000
/** Less than this is not worth another request. */
const REST_MS = 20

/**
 * How waiting ended. `refused` is the API's final no. `away`: no answer came from the beginning. `strange`: an answer
 * came, but none that Lotan gives. `late` knows the preview's state, and what stood in the way last, where that was no
 * fault of the preview.
 */
export type Ended =
  | { end: 'running'; view: View }
  | { end: 'refused'; problem: Refusal }
  | { end: 'away'; why: string }
  | { end: 'strange'; status: number; location: string | undefined }
  | { end: 'late'; state: string | undefined; trouble: string | undefined }

/**
 * @param within milliseconds
 * @param most how long one request may last, milliseconds
 */
export async function askUntilRunning(tag: string, api: Api, within: number, most = ASK_MS): Promise<Ended> {
  const deadline = performance.now() + within
  const left = () => Math.max(0, deadline - performance.now())
  let state: string | undefined
  for (let answered = false; ;) {
    const part = Math.min(left(), most)
    const seconds = (part / 1_000).toFixed(3)
    const answer = await ask(api, `/previews/${encodeURIComponent(tag)}/wait?timeout=${seconds}`, part + LATE_MS)
    const ended = endOf(answer, tag)
    if (ended) return ended
    if ('away' in answer && !answered) return { end: 'away', why: answer.away }
    answered = true
    const trouble = troubleOf(answer, tag)
    if (!trouble && 'json' in answer) state = answer.json?.state
    if (left() < REST_MS) return { end: 'late', state, trouble }
    // Lotan, or a proxy in front of it, may just be restarting.
    if (trouble) await sleep(Math.min(AGAIN_MS, left()))
  }
}

/** Tells of every change of a preview, and of one that comes to be, until the signal says so. */
export async function follow(tag: string, api: Api, hear: (event: Event) => void, signal: AbortSignal): Promise<void> {
  const began = performance.now()
  while (!signal.aborted) {
    let pause = LISTEN_AGAIN_MS
    try {
      const events = await listen(api, `/previews/${encodeURIComponent(tag)}/events`, signal)
      if (events) for await (const event of events) hear(event)
      else if (performance.now() - began > ROW_MS) hear({ event: 'removed', data: { repository: '', tag } })
    } catch {
      // Events are for the eye alone: what ends the waiting is said by the other request.
      pause = AGAIN_MS
    }
    await sleep(pause, undefined, { signal }).catch(() => {})
  }
}

/** What an answer ends with; undefined where it is asked again. */
function endOf(answer: Answer, tag: string): Ended | undefined {
  if ('away' in answer) return undefined
  const { status, json, location } = answer
  if (status === 200 && json?.state === 'running') return { end: 'running', view: json as View }
  // A proxy in front of Lotan may answer with any of these too, but it knows nothing of the tag.
  const isAboutTag = json?.tag === tag && typeof json.detail === 'string'
  if ((isAboutTag && [403, 409, 502].includes(status)) || status === 401)
    return { end: 'refused', problem: { ...json, status } as Refusal }
  if (status === 429 || status >= 500) return undefined
  return { end: 'strange', status, location }
}

/** What stands between us and the preview; undefined where Lotan itself said that it takes longer. */
function troubleOf(answer: Answer, tag: string): string | undefined {
  if ('away' in answer) return answer.away
  return answer.json?.tag === tag ? undefined : `it answers ${answer.status}`
}
