/** The storm of storm.test.ts, for minutes and with every disturbance: not one wrong page in 100 000. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { idOf } from '../shared/preview/preview-id.ts'
import { disturbances, openStorm, type Storm } from '../testing/scenarios/storm.ts'

const peopled = ['one', 'api/one', 'docs/one', 'two']
const quiet = ['api/two', 'docs/two']
const MINUTES = 6
/** Six slots, each of which rests 30 s: faster than this they are not given out anyway. */
const EVERY_MS = 4_000

for (const [slotKind, sandboxes] of [
  ['network', 2],
  ['port', 2],
  ['network', 0],
  ['port', 0],
] as const)
  describe(
    `previews that come and go on few slots of kind ${slotKind}, with ${sandboxes} sandboxes`,
    { timeout: (MINUTES + 4) * 60_000 },
    () => {
      let storm: Storm

      before(async () => {
        storm = await openStorm({ peopled, quiet, pause: 5, slotKind, sandboxes })
      })
      after(async () => storm?.close())

      test('are never shown under another’s host', async (t) => {
        const ids = [...peopled, ...quiet]
        const paused = new Set<string>()
        storm.visit()
        const end = Date.now() + MINUTES * 60_000
        for (let step = 0; Date.now() < end; step++) {
          // The numbers of previews and of disturbances have no divisor in common: all combinations come.
          const [name, id] = [disturbances[step % disturbances.length]!, ids[step % ids.length]!]
          await storm.disturb(name, id)
          await sleep(EVERY_MS / 2)
          for (const preview of storm.lotan.store.list()) if (preview.state === 'paused') paused.add(idOf(preview))
          // What robots alone visit nobody wakes, and what crashed too often is given up.
          for (const each of ids) if (storm.lotan.store.get(each)?.state !== 'running') await storm.disturb('add', each)
          await sleep(EVERY_MS / 2)
        }
        const account = storm.account()
        t.diagnostic(JSON.stringify(account, null, 2))
        assert.deepEqual(storm.wrong(), [])
        assert.ok(account.served >= 100_000, `only ${account.served} answers came`)
        assert.deepEqual([...paused].sort(), quiet.toSorted())
        assert.ok(account.sharedAddresses >= 3, `only ${account.sharedAddresses} slots were taken over`)
      })
    },
  )
