/** A minute of accidents. `chaos.long.ts` has a thousand rounds of them. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openChaos, type Chaos } from '../testing/scenarios/chaos/chaos.ts'

const SECONDS = 60
const seed = 'one minute'

describe('accidents of every kind', { timeout: 300_000 }, () => {
  let chaos: Chaos

  before(async () => {
    chaos = await openChaos({ seed })
  })
  after(async () => chaos?.close())

  test('leave engine and database agreed, nothing stuck, no wrong answer, no foreign container touched', async (t) => {
    const end = Date.now() + SECONDS * 1_000
    let round = 0
    for (; Date.now() < end; round++) await chaos.round(round)
    const { served, byServices, inside } = chaos.counts()
    const account = `${round} rounds, ${served} visits were served, ${byServices} of them by services, and ${inside} sessions were opened`
    assert.ok(round >= 3 && served > 100 && byServices > 20 && inside > 0, account)
    t.diagnostic(`seed ${seed}, ${round} rounds: ${JSON.stringify(chaos.counts())}`)
  })
})
