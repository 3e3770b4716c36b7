/** One POST, signed, and tried again. */
import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

const ANSWER_MS = 5_000
/** Before the second and the third try. */
const PAUSES_MS = [1_000, 5_000]

/** What a receiver computes of the body, with the same secret. */
export function signatureOf(body: string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
}

/**
 * @param delivery the same for each try: a receiver may tell a repeated one by it
 * @returns undefined once it was taken, else why it was not, after the last try
 */
export async function send(
  url: URL | string,
  { body, secret, delivery }: { body: string; secret: string; delivery: number },
  signal: AbortSignal,
): Promise<string | undefined> {
  const headers = {
    'Content-Type': 'application/json',
    'User-Agent': 'Lotan',
    'Lotan-Delivery': String(delivery),
    'Lotan-Signature': signatureOf(body, secret),
  }
  for (let tries = 0; ; tries += 1) {
    const wrong = await post()
    if (wrong === undefined) return undefined
    const pause = PAUSES_MS[tries]
    if (pause === undefined || signal.aborted) return wrong
    await sleep(pause, undefined, { signal }).catch(() => {})
  }

  async function post(): Promise<string | undefined> {
    try {
      const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)])
      const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: within })
      await answer.body?.cancel()
      return answer.ok ? undefined : `it answered ${answer.status}`
    } catch (error) {
      const { message, cause } = error as Error
      return cause instanceof Error ? cause.message || message : message
    }
  }
}
