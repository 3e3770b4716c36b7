import type { Request, Response } from 'express'
import { explain, type Explanation } from '../../shared/api/explain.ts'
import { urlOf } from '../../shared/config/config.ts'
import type { VariableInForce } from '../../shared/config/in-force.ts'
import { nextActions } from '../../shared/preview/next-actions.ts'
import { generationOf, type Preview } from '../../shared/preview/preview.ts'
import { idOf, logFields } from '../../shared/preview/preview-id.ts'
import { waiterOf } from '../../shared/preview/start-queue.ts'
import { hostPortOf, hostPortText, slotSchemeIn } from '../../shared/slots/slot-scheme.ts'
import { hostOf } from '../../shared/tag.ts'
import { callerOf, may } from '../access/caller.ts'
import { asleepWords, awakeWords, imageWords, waiterWords } from '../explain/image-words.ts'
import { nextOf } from '../explain/next.ts'
import { valuesOf } from '../explain/values.ts'
import type { ApiContext } from './context.ts'
import { previewIn, tagOf } from './conventions/input.ts'
import { answer, noPreview, tagParameter, type ApiRoute, type Operation } from './conventions/operation.ts'
import { pinnedOf } from './preview-view.ts'
import { sendNoPreview } from './conventions/preview-problem.ts'

const explainPreview: Operation = {
  operationId: 'explainPreview',
  summary: 'Each value that a preview runs with and where that comes from; why it is awake; what happens next.',
  description: 'No secret is in it. Values of variables are for an admin only.',
  parameters: [tagParameter],
  responses: { 200: answer('What there is to know.', explain), 404: noPreview },
}

export function explainRoutes({ config, store, changes, reaper, log }: ApiContext): ApiRoute[] {
  const path = '/previews/:tag/explain'
  return [{ method: 'GET', path, needs: 'read', operation: explainPreview, handle: sendExplanation }]

  async function sendExplanation(req: Request, res: Response) {
    const id = previewIn(req)
    const unknown = (error: Error) => {
      log.warn({ ...logFields(id), err: error }, 'the reaper did not say what it knows of a preview')
      return null
    }
    const [inForce, watched] = await Promise.all([reaper.inForce().catch(unknown), reaper.watched().catch(unknown)])
    const preview = store.get(id)
    if (!preview) return sendNoPreview(res, tagOf(req))
    const isOpen = watched?.open ? watched.open.includes(id) : null
    const variables = inForce && variablesOf(preview, inForce.variables, may(callerOf(res), 'admin'))
    return res.json(explanationOf(preview, { variables, isOpen, updatesAt: watched?.updatesAt ?? null }))
  }

  function explanationOf(
    preview: Preview,
    {
      variables,
      isOpen,
      updatesAt,
    }: Pick<Explanation, 'variables'> & { isOpen: boolean | null; updatesAt: number | null },
  ): Explanation {
    const now = Date.now()
    const { repository, tag, state } = preview
    return {
      repository,
      tag,
      state,
      values: valuesOf(preview, config),
      variables,
      image: imageOf(preview),
      imageWords: imageWords(preview, config.repository),
      slot: slotOf(preview),
      awake: awakeOf(preview, isOpen, now),
      asleep: asleepOf(preview),
      waiter: waiterIn(preview, now),
      next: nextOf(preview, { timeouts: config, isOpen, updatesAt, roomAt: roomAt(preview, now), now }),
    }
  }

  function roomAt(preview: Preview, now: number): number | null {
    const { maxRunning } = config
    const memoryFull = store.facts.get('memoryFull') ?? false
    const actions = nextActions(changes.previews(), { timeouts: config, maxRunning, memoryFull, open: null }, now)
    const stop = actions.find(({ preview: other, why }) => why === 'room' && idOf(other) === idOf(preview))
    return stop?.at ?? null
  }

  function variablesOf(preview: Preview, given: VariableInForce[], mayReadValues: boolean): Explanation['variables'] {
    const host = hostOf(idOf(preview), config)
    const own = { LOTAN_TAG: preview.tag, LOTAN_HOST: host, LOTAN_URL: urlOf(host, config) }
    const ofLotan = Object.entries(own).map(([name, value]) => ({ name, value, secret: false, from: null }))
    return [...given, ...ofLotan].map((variable) => ({ ...variable, value: mayReadValues ? variable.value : null }))
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

function awakeOf(preview: Preview, openConnections: boolean | null, now: number): Explanation['awake'] {
  const words = awakeWords(preview, openConnections, now)
  if (words === undefined) return null
  const lastSeen = preview.lastSeen === null ? null : new Date(preview.lastSeen).toISOString()
  return { lastSeen, openConnections, pinned: pinnedOf(preview, now), words }
}
