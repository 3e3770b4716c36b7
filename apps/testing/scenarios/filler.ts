/** The checks of the filled disk's scenario. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Seen } from './filler-in-engine.ts'
import { startOwnEngine, type OwnEngine } from '../harness/own-engine.ts'

/** @param facts.megabytes more than can be written in the 2 s that it takes to end a preview */
export function filledDisk({ megabytes }: { megabytes: number }) {
  describe('previews that fill the disk, beside others that do not', { timeout: 300_000 }, () => {
    let engine: OwnEngine
    let seen: Seen
    before(async () => {
      engine = await startOwnEngine({ megabytes })
      const { code, output } = await engine.run('apps/testing/scenarios/filler-in-engine.ts', engine.disk)
      assert.equal(code, 0, output)
      seen = JSON.parse(output.trim().split('\n').at(-1)!) as Seen
    })
    after(() => engine?.close())

    test('are ended while they are visited, and the visitor is told: layer, volume, removed files, many small ones', (t) => {
      t.diagnostic(
        JSON.stringify({ ms: Object.entries(seen.ends).map(([tag, { ms }]) => [tag, ms]), full: seen.fullest }),
      )
      const { greedy, ...limited } = seen.ends
      assert.deepEqual(Object.keys(limited).sort(), ['layer', 'removed', 'small', 'volume'])
      for (const [tag, { state, reason, heading, row }] of Object.entries(limited)) {
        assert.equal(state, 'failed', tag)
        assert.deepEqual(reason, { code: 'disk-over', detail: 'it has written more than 40m', limit: '40m' })
        assert.equal(heading, `${tag} wrote too much`)
        assert.equal((row as { detail: string }).detail, 'disk-over: it has written more than 40m')
      }
      assert.ok(greedy)
    })

    test('where one may write more than there is, it goes before the disk is full', () => {
      const { state, reason } = seen.ends.greedy!
      const { code, detail } = reason as { code: string; detail: string }
      assert.deepEqual([state, code], ['failed', 'disk-over'])
      assert.match(detail, /^it has written \d.* within a minute, \d.* are free on the engine's disk$/)
      assert.ok(seen.fullest < 99, `${seen.fullest} %`)
    })

    test('nobody else goes: those beside it answer all the while, and what sleeps keeps its image', () => {
      for (const [tag, { asked, wrong }] of Object.entries(seen.peaceful)) {
        assert.deepEqual(wrong, [], tag)
        assert.ok(asked > 5, `${tag} was asked ${asked} times`)
      }
      assert.deepEqual(seen.asleep, { state: 'stopped', hasImage: true, events: ['ahead'] })
    })

    test('what they wrote is gone with them, and who starts one again gets it afresh', () => {
      // All but the 20 MB of the preview that stays.
      assert.ok(seen.lost < 30e6, `${seen.lost} bytes`)
      // Each of the seven fillers had one, and two still run.
      assert.deepEqual(seen.volumes, [7, 2])
      const { status, generation, files } = seen.again
      assert.deepEqual([status, generation], [200, 2])
      assert.doesNotMatch(files, /fill/)
    })
  })
}
