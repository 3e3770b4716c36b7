/**
 * Accidents for hours, on both kinds of slots. LOTAN_CHAOS_SEED repeats a run, from round LOTAN_CHAOS_FROM on;
 * LOTAN_CHAOS_ROUNDS is how many rounds there are, of both kinds together.
 */
import { after, before, describe, test } from 'node:test'
import { randomBytes } from 'node:crypto'
import { openChaos, type Chaos } from '../testing/scenarios/chaos/chaos.ts'

const { LOTAN_CHAOS_SEED, LOTAN_CHAOS_ROUNDS = '1000', LOTAN_CHAOS_FROM = '0' } = process.env
const seed = LOTAN_CHAOS_SEED ?? randomBytes(6).toString('hex')
const kinds = [
  ['network', 2],
  ['port', 2],
  ['network', 0],
  ['port', 0],
] as const
const rounds = Math.ceil(Number(LOTAN_CHAOS_ROUNDS) / kinds.length)

for (const [slotKind, sandboxes] of kinds)
  describe(`accidents on slots of kind ${slotKind}, with ${sandboxes} sandboxes`, { timeout: 24 * 60 * 60_000 }, () => {
    let chaos: Chaos

    before(async () => {
      chaos = await openChaos({ seed, slotKind, sandboxes })
    })
    after(async () => chaos?.close())

    test('leave engine and database agreed, nothing stuck, no wrong answer, no foreign container touched', async (t) => {
      const first = Number(LOTAN_CHAOS_FROM)
      for (let round = first; round < first + rounds; round++) {
        await chaos.round(round)
        if (round % 10 === 9) console.log(`seed ${seed}, round ${round}: ${JSON.stringify(chaos.counts())}`)
      }
      t.diagnostic(`seed ${seed}, ${rounds} rounds: ${JSON.stringify(chaos.counts())}`)
    })
  })
