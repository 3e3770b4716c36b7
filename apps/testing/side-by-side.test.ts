import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import type { TestEvent } from 'node:test/reporters'
import fc from 'fast-check'
import { sideBySide } from './side-by-side.ts'

const file = fc.record({ calm: fc.boolean(), turns: fc.nat({ max: 3 }), fails: fc.boolean() })
const isOfRun = ({ data }: TestEvent) => (data as { file?: string }).file === undefined

test('two busy files and three in all run at once, each is told of in one piece, and the summary is of all', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(file, { minLength: 1, maxLength: 12 }), async (files) => {
      const of = (name: string) => files[Number(name)]!
      const names = files.map((_, i) => String(i))
      const running = new Set<string>()
      const began: string[] = []
      const start = async function* (name: string) {
        running.add(name)
        began.push(name)
        assert.ok(running.size <= 3)
        assert.ok([...running].filter((each) => !of(each).calm).length <= 2)
        yield* eventsOf(name, of(name).fails)
        for (let turn = 0; turn < of(name).turns; turn++) await sleep(0)
        running.delete(name)
      }
      const told: TestEvent[] = []
      for await (const event of sideBySide(names, (name) => of(name).calm, start)) told.push(event)

      for (const calm of [true, false]) {
        const alike = (all: string[]) => all.filter((name) => of(name).calm === calm)
        assert.deepEqual(alike(began), alike(names), 'in the order that was given')
      }
      const ofFiles = told.filter((event) => !isOfRun(event))
      assert.deepEqual(
        ofFiles.map(({ data }) => (data as { name: string }).name),
        ofFiles.filter((_, i) => i % 2 === 0).flatMap(({ data }) => [(data as { name: string }).name, 'over']),
      )
      assert.equal(ofFiles.length, 2 * files.length)
      const failed = files.filter(({ fails }) => fails).length
      const messages = told.flatMap((event) => (event.type === 'test:diagnostic' ? event.data.message : []))
      assert.deepEqual(messages.slice(0, 2), [`tests ${files.length}`, `fail ${failed}`])
      const last = told.at(-1)!
      assert.ok(last.type === 'test:summary' && last.data.file === undefined)
      assert.equal(last.data.success, failed === 0)
    }),
    { numRuns: 50 },
  )
})

/** As `run` tells of one file with one test. */
function eventsOf(name: string, fails: boolean): TestEvent[] {
  const failed = fails ? 1 : 0
  return [
    { type: 'test:start', data: { file: name, name, nesting: 0 } },
    { type: 'test:start', data: { file: name, name: 'over', nesting: 0 } },
    { type: 'test:plan', data: { nesting: 0, count: 1 } },
    { type: 'test:diagnostic', data: { nesting: 0, message: 'tests 1' } },
    { type: 'test:diagnostic', data: { nesting: 0, message: `fail ${failed}` } },
    { type: 'test:summary', data: { file: undefined, success: !fails, counts: { tests: 1, failed }, duration_ms: 1 } },
  ] as unknown as TestEvent[]
}
