/** From a first click's last byte to the waiting page's first. Fifty tags that nobody has clicked before. */
import { asBrowser, isWaiting, startLotan } from '../testing/bed.ts'
import { openGate } from '../testing/gate.ts'
import { startRegistry } from '../testing/registry.ts'
import { spread } from './figures.ts'

const CLICKS = 50

export async function firstByte(): Promise<void> {
  const registry = await startRegistry()
  const gate = await openGate(registry.port)
  const lotan = await startLotan({ repository: `127.0.0.1:${gate.port}/todowrangler` })
  const times: number[] = []
  try {
    // The registry says nothing, so every page is one of a pull that is queued or has just begun.
    gate.narrow(0)
    for (let i = 0; i < CLICKS; i++) {
      const answer = await lotan.request(`tag-${i}`, { headers: asBrowser })
      if (!isWaiting(answer)) throw new Error(`tag-${i} got ${answer.status}`)
      times.push(answer.head)
    }
  } finally {
    gate.widen()
    await lotan.stop()
    await gate.close()
    await registry.close()
  }
  console.log(`first byte ${spread(times, 'ms', 1)}, slowest ${Math.max(...times).toFixed(1)} ms, of ${CLICKS}`)
}
