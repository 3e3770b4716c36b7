/**
 * Accidents for hours, on both kinds of slots: `node apps/stories/chaos.long.ts [SEED [ROUNDS [FROM]]]`. The seed repeats a
 * run, from round FROM on; ROUNDS is how many there are, of all kinds together.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { randomBytes } from 'node:crypto'
import { openChaos, type Chaos } from '../testing/scenarios/chaos/chaos.ts'

const [seed = randomBytes(6).toString('hex'), all = '1000', from = '0'] = process.argv.slice(2)
const kinds = [
  ['network', 2],
  ['port', 2],
  ['network', 0],
  ['port', 0],
] as const
// What fails outside of a round ends the run, and the runner tells so only then.
process.on('uncaughtExceptionMonitor', (error) => console.error(error))
const rounds = Math.ceil(Number(all) / kinds.length)

for (const [slotKind, sandboxes] of kinds)
  describe(`accidents on slots of kind ${slotKind}, with ${sandboxes} sandboxes`, { timeout: 24 * 60 * 60_000 }, () => {
    let chaos: Chaos

    const begin = async () => (chaos = await openChaos({ seed, slotKind, sandboxes }))
    before(begin)
    after(async () => chaos?.close())

    test('leave engine and database agreed, nothing stuck, no wrong answer, no foreign container touched', async () => {
      const failed: number[] = []
      const first = Number(from)
      for (let round = first; round < first + rounds; round++) {
        await chaos.round(round).catch(async (error: Error) => {
          // The runner tells at its end, hours later. What went wrong must not fail the next round.
          console.error(error.message)
          failed.push(round)
          await chaos.close().catch((left: Error) => console.error(left.message))
          await begin()
        })
        if (round % 10 === 9) console.log(`seed ${seed}, round ${round}: ${JSON.stringify(chaos.counts())}`)
      }
      assert.deepEqual(failed, [], 'the rounds that failed')
    })
  })
