/** Whether a service accepts connections: its container has only just started, say, and nothing asks it as an application is. */
import { setTimeout as sleep } from 'node:timers/promises'
import { idOf } from '../../shared/preview/preview-id.ts'
import type { RouterContext } from '../context.ts'
import type { Response } from 'express'
import { isNavigation, preferredWait, QUICK_MS, type Up } from './decide.ts'
import type { GatewayRequest } from './request.ts'
import { staysConnected } from './failed-upstream/tcp-probe.ts'
import type { UpService } from './second-host.ts'
import { hostPortIn } from './upstream.ts'

const FIRST_MS = 20
const LONGEST_MS = 250
/** No program of the engine's accepts in its place. */
const HELD_MS = 1

/**
 * Waits as a request of its kind does. An application always listens: its first answer has come.
 * @param until when the request has waited enough
 */
export async function listens(
  up: Up,
  { client }: Pick<GatewayRequest, 'client'>,
  res: Response,
  { config, store, meters }: Pick<RouterContext, 'config' | 'store' | 'meters'>,
  until = Date.now() +
    Math.min(preferredWait(client.prefer) ?? (isNavigation(client) ? QUICK_MS : Infinity), config.hold),
): Promise<boolean> {
  if (!up.service) return true
  const gone = new AbortController()
  res.on('close', () => gone.abort())
  const isFull = meters.held >= config.maxHeld
  meters.held++
  try {
    return await comesToListen(up, up.service, isFull ? 0 : until, { store }, gone.signal)
  } finally {
    meters.held--
  }
}

/** @returns false where it does not by then, or is another one meanwhile */
async function comesToListen(
  up: Up,
  service: UpService,
  until: number,
  { store }: Pick<RouterContext, 'store'>,
  signal: AbortSignal,
): Promise<boolean> {
  const { host, port } = hostPortIn(store.facts, up)
  for (let pause = FIRST_MS; !signal.aborted; pause = Math.min(2 * pause, LONGEST_MS)) {
    if (await staysConnected(host, port, HELD_MS)) return true
    const now = store.services.get(idOf(service), service.name)
    if (now?.since !== service.since || now.container !== service.container) return false
    const left = until - Date.now()
    if (left <= 0) return false
    await sleep(Math.min(pause, left))
  }
  return false
}
