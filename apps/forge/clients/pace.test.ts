import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ForgeError } from './forge.ts'
import { openPace } from './pace.ts'

test('some writes go at once, the next ones one at a time, and who would wait long is told when to come again', async () => {
  const turn = openPace({ burst: 3, everyMs: 100, mostWaitMs: 250 })
  const started = performance.now()
  const results = await Promise.allSettled(
    Array.from({ length: 8 }, () => turn().then(() => performance.now() - started)),
  )
  const waits = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  assert.equal(waits.length, 5)
  assert.ok(waits[3]! > 90 && waits[4]! > 190, String(waits))
  for (const one of results.slice(5)) {
    assert.ok(one.status === 'rejected' && one.reason instanceof ForgeError)
    assert.equal(one.reason.code, 'limited')
    assert.ok(one.reason.retryAt! > Date.now())
  }
})
