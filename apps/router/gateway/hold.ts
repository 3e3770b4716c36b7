/** `/wait`: ends when the preview is up, or this kind of request has waited enough. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Response } from 'express'
import { kindOf } from '../../shared/preview/kind.ts'
import { startsAgain, type In, type Preview, type State } from '../../shared/preview/preview.ts'
import type { RouterContext } from '../context.ts'
import { noteVisit } from './activity.ts'
import type { DecideNow } from './decide-now.ts'
import { isNavigation, type Up } from './decide.ts'
import { refuse, type Forwarder } from './forward.ts'
import type { GatewayRequest } from './request.ts'
import { listens } from './service-listens.ts'
import type { Waker } from './wake.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'

const RELEASE_EVERY_MS = 2

interface HoldContext extends Pick<RouterContext, 'config' | 'store' | 'changes' | 'waiters' | 'activity' | 'meters'> {
  decideNow: DecideNow
  waker: Waker
  forwarder: Forwarder
}

export type Hold = ReturnType<typeof openHold>

export function openHold(context: HoldContext) {
  const { config, store, changes, waiters, activity, meters, decideNow, waker, forwarder } = context
  const awaitTurn = openTurns()

  return hold

  async function hold(request: GatewayRequest, res: Response): Promise<unknown> {
    const decision = decideNow(request)
    if (decision.do === 'forward') {
      // All that other previews call comes here: nginx keeps no route for them.
      if (request.call) noteVisit(request, activity)
      if (!(await listens(decision, request, res, context))) return refuse(res, 'deaf')
      return forwarder.forward(request, decision, res)
    }
    // Who reads how to come in is about to.
    if (decision.do === 'refuse' && decision.why === 'way-in') noteVisit(request, activity)
    if (decision.do !== 'wait' || request.id === null) return refuse(res)
    const { id } = request
    if (decision.wakes) {
      if (!waker.mayWake(id)) return refuse(res, 'unknown')
      waker.wake(id, 'visit', request)
    }
    const isVisit = decision.wakes || decision.isServiceDown === true
    if (isVisit) noteVisit(request, activity)
    if (decision.applied !== null) res.set('Preference-Applied', `wait=${decision.applied / 1_000}`)
    const woken = store.get(id)
    // It was being stopped, and goes on.
    if (woken?.state === 'running' && !decision.isServiceDown) {
      const up = upNow(request, woken)
      if (!up) return hold(request, res)
      return (await listens(up, request, res, context))
        ? forwarder.forwardAfterWait(request, up, res)
        : refuse(res, 'deaf')
    }
    // The call of another preview does not turn it back: it is started once it is down.
    const isEnding = request.call !== undefined && woken !== undefined && isOnItsWayDown(woken)
    if (decision.wakes) waiters.passes(id)
    if (decision.until <= Date.now()) return refuse(res)
    // The waiting page holds no request.
    if (meters.held >= config.maxHeld) return isNavigation(request.client) ? refuse(res) : refuse(res, 'full')

    const gone = new AbortController()
    res.on('close', () => gone.abort())
    // It left while its container was looked at (failed-upstream/): its 'close' comes no more.
    if (res.destroyed) gone.abort()
    meters.held++
    const leave = decision.wakes ? waiters.comes(id, 'person') : undefined
    try {
      const settled = await changes.until(
        () => {
          const preview = isSettled(changes.state(id)) ? settledAs(changes.preview(id)) : undefined
          return preview?.state === 'running' && isServiceDown(request) ? undefined : preview
        },
        {
          deadline: decision.until,
          signal: gone.signal,
        },
      )
      if (gone.signal.aborted) return
      if (isVisit) noteVisit(request, activity)
      if (isEnding && (settled?.state === 'stopped' || settled?.state === 'unknown')) return await hold(request, res)
      if (settled?.state !== 'running') return refuse(res)
      await awaitTurn(id)
      const up = upNow(request, settled)
      if (!up) return refuse(res)
      if (!(await listens(up, request, res, context, decision.until))) return refuse(res, 'deaf')
      meters.noteColdAnswer('held')
      return forwarder.forwardAfterWait(request, up, res)
    } finally {
      meters.held--
      leave?.()
    }
  }

  function isServiceDown(request: GatewayRequest): boolean {
    if (request.service === null) return false
    const decision = decideNow(request)
    return decision.do === 'wait' && decision.isServiceDown === true
  }

  /** Whether the service of a second host is up, and whether there is anything on HTTP, is known once its preview is. */
  function upNow(request: GatewayRequest, preview: In<'running'>): Up | undefined {
    if (request.service === null && kindOf(preview) === 'web') return { preview }
    const decision = decideNow(request)
    return decision.do === 'forward' ? decision : undefined
  }
}

function settledAs(preview: Preview | undefined): Preview | { state: 'unknown' } | undefined {
  if (!preview) return { state: 'unknown' }
  return isSettled(preview.state) ? preview : undefined
}

function isOnItsWayDown(preview: Preview): boolean {
  return (preview.state === 'stopping' || preview.state === 'removing') && !startsAgain(preview)
}

function isSettled(state: State): boolean {
  return state === 'running' || state === 'failed' || state === 'stopped' || state === 'unknown'
}

/** Fifty connections at once exceed a small server's backlog: the kernel drops some, and retries a second later. */
function openTurns() {
  const waiting = new Map<PreviewId, number>()
  return async (id: PreviewId): Promise<void> => {
    const before = waiting.get(id) ?? 0
    waiting.set(id, before + 1)
    if (before > 0) await sleep(before * RELEASE_EVERY_MS)
    const left = waiting.get(id)! - 1
    if (left > 0) waiting.set(id, left)
    else waiting.delete(id)
  }
}
