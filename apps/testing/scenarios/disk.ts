/** The checks of the small disk's scenario. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Seen } from './disk-in-engine.ts'
import { startOwnEngine, type OwnEngine } from '../harness/own-engine.ts'

/**
 * @param facts.ballast kilobytes of each image
 * @param facts.holds how many images fit at most
 * @param facts.marks percent; where that many images stay below the high one, only pulls free space
 */
export function smallDisk(facts: {
  tags: number
  ballast: number
  megabytes: number
  holds: number
  marks: { high: number; low: number }
}) {
  const { tags, ballast, megabytes, holds, marks } = facts
  describe(`${tags} previews on a disk that holds ${holds}`, { timeout: 300_000 }, () => {
    let engine: OwnEngine
    let seen: Seen
    before(async () => {
      engine = await startOwnEngine({ megabytes })
      const { code, output } = await engine.run(
        'apps/testing/scenarios/disk-in-engine.ts',
        ...[tags, ballast, marks.high, marks.low].map(String),
        engine.disk,
      )
      assert.equal(code, 0, output)
      seen = JSON.parse(output.trim().split('\n').at(-1)!) as Seen
    })
    after(() => engine?.close())

    test('every click ends in its application', (t) => {
      const { most, fullest, relieved, madeRoom } = seen
      const slowest = Math.max(...seen.clicks.map(({ ms }) => ms))
      t.diagnostic(JSON.stringify({ slowest, most, fullest, relieved, madeRoom }))
      assert.equal(seen.clicks.length, tags)
      for (const { tag, status, text } of seen.clicks) {
        assert.equal(status, 200, `${tag}: ${text}`)
        assert.match(text, new RegExp(`<h1>${tag}</h1>`))
      }
    })

    test('the disk was too small for all of them, and full, and nobody was ever told so', async () => {
      assert.ok(seen.most >= holds - 1 && seen.most <= holds, `${seen.most} at once`)
      // Above the high mark the next pull may make room before the reaper looks.
      const mayRelieve = seen.fullest >= marks.high
      assert.ok(seen.madeRoom > 0 || (mayRelieve && seen.relieved > 0), JSON.stringify(seen))
      assert.equal(seen.noSpace, false)
      assert.doesNotMatch(await engine.said(), /no space left/i)
    })

    test('what is somebody else’s is untouched', () => {
      const [was, is] = seen.others as { images: unknown[]; containers: unknown[] }[]
      assert.deepEqual([was!.images.length, was!.containers.length], [3, 1])
      assert.deepEqual(is, was)
    })

    test('an image that can never fit is refused before its pull, and nobody goes for it', () => {
      const { status, reason, pulled, wentForIt } = seen.huge
      assert.equal(status, 502)
      assert.equal((reason as { code?: string }).code, 'disk-full', JSON.stringify(reason))
      assert.match((reason as { detail: string }).detail, /^needs \d+ MB, \d+ MB are free on the engine's disk/)
      assert.deepEqual([pulled, wentForIt], [false, false])
    })
  })
}
