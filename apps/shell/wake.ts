/** Wakes a preview for somebody who wants to look inside, and says how far it is. */
import type { Actor } from '../shared/actor.ts'
import { whyNot } from '../shared/barred.ts'
import { nextBeat } from '../shared/beat.ts'
import { shownTag } from '../shared/preview/copy-tag.ts'
import type { PreviewId } from '../shared/preview/preview-id.ts'
import type { In, Preview } from '../shared/preview/preview.ts'
import { CLICK_MS } from '../shared/preview/start-queue.ts'
import { failureWords } from '../shared/words/failure-words.ts'
import type { ShellContext } from './context.ts'
import { NoEntry } from './no-entry.ts'
import { progressOf } from './progress.ts'

const LOOK_MS = 100

type Needs = Pick<ShellContext, 'config' | 'store' | 'nudges'>

/**
 * @param say told each time that it is further: one short line
 * @throws NoEntry where it cannot be up, or the reason of the signal
 */
export async function wake(
  context: Needs,
  id: PreviewId,
  actor: Actor,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<In<'running'>> {
  const { config, store, nudges } = context
  if (!config.offers(id)) throw new NoEntry('no-such-tag', `${shownTag(id)} is none of the tags that may run here.`)
  const barred = whyNot(id, false, context)
  if (barred) throw new NoEntry(barred.problem, barred.sentence)
  let renewed = 0
  let asked = false
  let said = ''
  for (;;) {
    const preview = store.get(id)
    if (preview?.state === 'running' && !preview.generation.slot) throw new NoEntry('ended-meanwhile', `${shownTag(id)} ends.`) // prettier-ignore
    if (preview?.state === 'running') return preview
    if (asked && preview?.state === 'failed') throw failureOf(id, preview)
    // Guesses leave no row.
    if (asked && !preview) throw noSuchTag(id)
    if (!asked || isLeft(preview)) {
      const started = store.apply(id, { type: 'start', by: 'shell' }, Date.now(), actor)
      if (started) await nudges.nudge(started)
      asked = true
    }
    const now = Date.now()
    if (now - renewed > CLICK_MS / 3) {
      // Who waits for it goes before those that only asked.
      store.waiters([[id, { who: 'person', until: now + CLICK_MS }]])
      renewed = now
    }
    const line = progressOf(store.get(id), store.services.of(id))
    if (line !== said) say(line)
    said = line
    await changeOf(store, signal)
  }
}

/** Another visitor's start need not be its own: it is asked for again where somebody has stopped it meanwhile. */
function isLeft(preview: Preview | undefined): boolean {
  return preview === undefined || preview.state === 'stopped' || preview.state === 'paused'
}

export function noSuchTag(id: PreviewId): NoEntry {
  return new NoEntry('no-such-tag', `The registry has no tag ${shownTag(id)}.`)
}

function failureOf(id: PreviewId, { reason }: In<'failed'>): NoEntry {
  const { heading, sentence } = failureWords(id, reason)
  const problem = reason.code === 'no-such-tag' ? 'no-such-tag' : 'preview-failed'
  // Who may look inside may read its log too.
  const lines = [heading, sentence, reason.detail, ...(reason.output ?? [])]
  return new NoEntry(problem, lines.filter(Boolean).join('\n'))
}

async function changeOf(store: Needs['store'], signal: AbortSignal): Promise<void> {
  const version = store.version()
  while (store.version() === version) {
    signal.throwIfAborted()
    await nextBeat(LOOK_MS, signal)
  }
}
