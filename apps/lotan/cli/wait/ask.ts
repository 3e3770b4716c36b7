import { previewPath } from '../../../shared/api/paths.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { isNoRepository } from '../call.ts'
import { NAMELESS, splitId, type PreviewId } from '../../../shared/preview/preview-id.ts'
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
export async function askUntilRunning(id: PreviewId, api: Api, within: number, most = ASK_MS): Promise<Ended> {
  const deadline = performance.now() + within
  const left = () => Math.max(0, deadline - performance.now())
  let state: string | undefined
  for (let answered = false; ;) {
    const part = Math.min(left(), most)
    const seconds = (part / 1_000).toFixed(3)
    const answer = await ask(api, `${previewPath(id)}/wait?timeout=${seconds}`, part + GRACE_MS)
    const ended = endOf(answer, id)
    if (ended) return ended
    if ('away' in answer && !answered) return { end: 'away', why: answer.away }
    answered = true
    const trouble = troubleOf(answer, id)
    if (!trouble && 'json' in answer) state = answer.json?.state
    if (left() < LEAST_REQUEST_MS) return { end: 'late', state, trouble }
    // Lotan, or a proxy in front of it, may be restarting.
    if (trouble) await sleep(Math.min(AGAIN_MS, left()))
  }
}

/** Also reports a preview that appears later. */
export async function follow(
  id: PreviewId,
  api: Api,
  hear: (event: Event) => void,
  signal: AbortSignal,
): Promise<void> {
  const began = performance.now()
  while (!signal.aborted) {
    let pause = LISTEN_AGAIN_MS
    try {
      const events = await listen(api, `${previewPath(id)}/events`, signal)
      if (events) for await (const event of events) hear(event)
      else if (performance.now() - began > ROW_MS) hear({ event: 'removed', data: splitId(id) })
    } catch {
      // Events only feed the display; `askUntilRunning` decides how the wait ends.
      pause = AGAIN_MS
    }
    await sleep(pause, undefined, { signal }).catch(() => {})
  }
}

/** Undefined: ask again. */
function endOf(answer: Answer, id: PreviewId): Ended | undefined {
  if ('away' in answer) return undefined
  const { status, json, location } = answer
  if (status === 200 && json?.state === 'running' && isAbout(json, id) && typeof json.url === 'string')
    return { end: 'running', view: json as View }
  // A proxy may answer with these too, but does not name the preview.
  const isAboutIt = isAbout(json, id) && typeof json?.detail === 'string'
  const isNone = status === 404 && typeof json?.detail === 'string' && isNoRepository(json)
  if ((isAboutIt && [403, 409, 502].includes(status)) || isNone || status === 401)
    return { end: 'refused', problem: { ...json, status } as Refusal }
  if (status === 429 || status >= 500) return undefined
  return { end: 'strange', status, location }
}

/** Undefined where Lotan itself said that it takes longer. */
function troubleOf(answer: Answer, id: PreviewId): string | undefined {
  if ('away' in answer) return answer.away
  return isAbout(answer.json, id) ? undefined : `it answers ${answer.status}`
}

function isAbout(json: { repository?: unknown; tag?: unknown } | undefined, id: PreviewId): boolean {
  const { repository, tag } = splitId(id)
  return json?.tag === tag && (json.repository ?? NAMELESS) === repository
}
