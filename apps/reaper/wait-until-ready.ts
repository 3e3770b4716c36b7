/** Waits until the router reports Lotan ready. */
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { http } from '../shared/http.ts'
import type { Config } from '../shared/config/config.ts'

const LOOK_MS = 100
const ANSWER_MS = 3_000
const MAX_WAIT_MS = 30_000

/** Ends after 30 s in any case, and with the signal. Never throws. */
export async function waitUntilReady(
  { runDir, domain }: Pick<Config, 'runDir' | 'domain'>,
  signal: AbortSignal,
  longest = MAX_WAIT_MS,
): Promise<void> {
  const end = performance.now() + longest
  while (!signal.aborted && performance.now() < end) {
    if (await isReady(path.join(runDir, 'desk.sock'), domain)) return
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {})
  }
}

function isReady(socketPath: string, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(ANSWER_MS)
    const request = http.get({ socketPath, path: '/readyz', headers: { host }, agent: false, signal }, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    })
    request.on('error', () => resolve(false))
  })
}
