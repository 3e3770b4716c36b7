/** All that is told of why a preview runs as it does, from the database and from what the reaper knows. */
import { baseTag, shownTag } from '../../shared/preview/copy-tag.ts'
import type { Explanation } from '../../shared/api/explain.ts'
import { urlOf } from '../../shared/config/config.ts'
import { findRepository } from '../../shared/repository.ts'
import type { VariableInForce } from '../../shared/config/in-force.ts'
import { nextActions } from '../../shared/preview/next-actions.ts'
import { generationOf, type Preview } from '../../shared/preview/preview.ts'
import { idOf, logFields, type PreviewId } from '../../shared/preview/preview-id.ts'
import { waiterOf } from '../../shared/preview/start-queue.ts'
import { hostPortOf, hostPortText, slotSchemeIn } from '../../shared/slots/slot-scheme.ts'
import { hostOf } from '../../shared/tag.ts'
import { pinnedOf } from '../api/preview-view.ts'
import { openChanges } from '../changes/open-changes.ts'
import type { RouterContext } from '../context.ts'
import { insideNow } from '../inside.ts'
import { insideWords } from '../words/session-words.ts'
import { asleepWords, awakeWords, imageWords, waiterWords } from './image-words.ts'
import { nextOf } from './next.ts'
import { stackRowsOf } from '../services/stack-rows.ts'
import { explainStack } from './stack.ts'
import { explainChange } from './explain-change.ts'
import { explainPairs } from './pair-variables.ts'
import { valuesOf } from './values.ts'
import { variablesFor } from './variables.ts'

export interface MayRead {
  /** Values of variables. */
  values: boolean
  /** Who is inside. */
  who: boolean
}

/** @returns undefined where there is no such preview */
export async function explanationOf(
  id: PreviewId,
  { values: mayReadValues, who: mayReadWho }: MayRead,
  { config, store, changes, reaper, log }: Pick<RouterContext, 'config' | 'store' | 'changes' | 'reaper' | 'log'>,
): Promise<Explanation | undefined> {
  const unknown = (error: Error) => {
    log.warn({ ...logFields(id), err: error }, 'the reaper did not say what it knows of a preview')
    return null
  }
  const [inForce, watched] = await Promise.all([reaper.inForce().catch(unknown), reaper.watched().catch(unknown)])
  const preview = store.get(id)
  if (!preview) return undefined
  const isOpen = watched?.open ? watched.open.includes(id) : null
  const now = Date.now()
  const standing = store.standing(id, now)
  const rows = stackRowsOf(id, store)
  const { repository, tag, state } = preview
  return {
    repository,
    tag: shownTag(tag),
    state,
    values: valuesOf(preview, config),
    variables: inForce && variablesOf(preview, inForce.variables),
    image: imageOf(preview),
    imageWords: imageWords(preview, findRepository(idOf(preview), config)?.reference ?? preview.repository),
    change: explainChange(preview, openChanges({ config, store }).of(id), config.forge?.kind),
    stack: explainStack(preview, { config, rows, mayReadValues }),
    slot: slotOf(preview),
    awake: awakeOf(preview, isOpen, insideReason(), now),
    asleep: asleepOf(preview),
    waiter: waiterIn(preview, now),
    next: nextOf(preview, {
      timeouts: config,
      isOpen,
      updatesAt: watched?.updatesAt ?? null,
      roomAt: roomAt(preview, now),
      volumes: rows.volumes,
      dataFor: config.dataFor,
      goesAt:
        standing.is === 'closed' && config.forge ? (standing.change.closedAt ?? now) + config.forge.closedAfter : null,
      now,
    }),
  }

  function insideReason(): string | null {
    const inside = insideNow({ config, store }, id)
    if (inside.length === 0) return null
    return mayReadWho ? insideWords(inside.map(({ who }) => who)) : 'a session is open inside'
  }

  function roomAt(preview: Preview, now: number): number | null {
    const { maxRunning } = config
    const memoryFull = store.facts.get('memoryFull') ?? false
    const actions = nextActions(changes.previews(), { timeouts: config, maxRunning, memoryFull, open: null }, now)
    const stop = actions.find(({ preview: other, why }) => why === 'room' && idOf(other) === idOf(preview))
    return stop?.at ?? null
  }

  function variablesOf(preview: Preview, given: VariableInForce[]): Explanation['variables'] {
    const host = hostOf(idOf(preview), config)
    const own = { LOTAN_TAG: baseTag(preview.tag), LOTAN_HOST: host, LOTAN_URL: urlOf(host, config) }
    const ofLotan = Object.entries(own).map(([name, value]) => ({ name, value, secret: false, from: null }))
    const unpaired = [...variablesFor(preview.repository, given, isTrusted(preview)), ...ofLotan].map((one) => ({
      ...one,
      words: null,
    }))
    const variables = [...unpaired, ...explainPairs(preview, config)]
    return mayReadValues ? variables : variables.map((variable) => ({ ...variable, value: null }))
  }

  /** As its container was made, else as it would be. */
  function isTrusted(preview: Preview): boolean {
    const made = generationOf(preview)
    if (made?.container) return made.trusted ?? false
    return standing.is === 'free' && standing.isTrusted
  }

  function slotOf(preview: Preview): Explanation['slot'] {
    const generation = generationOf(preview)
    if (!generation || generation.slot === null) return null
    const { slot, port, sandbox } = generation
    const scheme = slotSchemeIn(store.facts)
    return { number: slot, address: scheme ? hostPortText(hostPortOf(scheme, { slot, port })) : null, sandbox }
  }
}

function imageOf(preview: Preview): Explanation['image'] {
  const { image, update, rejectedImage } = preview
  if (!image) return null
  const generation = generationOf(preview)
  const { id, digest, bytes, pulled } = image
  return {
    id,
    digest,
    bytes,
    pulled,
    serves: generation && { id: generation.image, digest: generation.digest },
    newer: update && { digest: update.digest, asked: update.asked, failure: update.failure?.code ?? null },
    rejected: rejectedImage === id,
  }
}

function waiterIn(preview: Preview, now: number): Explanation['waiter'] {
  const who = ['queued', 'pulling', 'starting'].includes(preview.state) ? waiterOf(preview, now) : null
  return who && { who, until: new Date(preview.waiter!.until).toISOString(), words: waiterWords[who] }
}

function asleepOf(preview: Preview): Explanation['asleep'] {
  const words = asleepWords(preview)
  return words === undefined ? null : { words }
}

function awakeOf(
  preview: Preview,
  openConnections: boolean | null,
  inside: string | null,
  now: number,
): Explanation['awake'] {
  const words = awakeWords(preview, openConnections, inside, now)
  if (words === undefined) return null
  const lastSeen = preview.lastSeen === null ? null : new Date(preview.lastSeen).toISOString()
  return { lastSeen, openConnections, pinned: pinnedOf(preview, now), words }
}
