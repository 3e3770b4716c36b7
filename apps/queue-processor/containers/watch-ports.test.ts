import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { until } from '../../testing/harness/until.ts'
import { certainlyElsewhere } from './watch-ports.ts'

/** An application that listens as the test says, and takes so much of the processor. */
function watched(t: TestContext, listens: string[] | undefined, { told = 20, certain = 60 } = {}) {
  const app = { listens, busy: false, looks: 0 }
  const said: string[][] = []
  const ending = new AbortController()
  t.after(() => ending.abort())
  let isCertain = false
  certainlyElsewhere({
    port: 80,
    listens: async () => (app.looks++, app.listens),
    cpu: async () => (app.busy ? performance.now() : 0),
    tell: (elsewhere) => void said.push(elsewhere),
    told,
    certain,
    signal: ending.signal,
  }).then(
    () => (isCertain = true),
    () => {},
  )
  /** The clock may be slow: so many looks take longer than `certain`. */
  const looksAgain = async () => {
    const from = app.looks
    await until('it was looked at long enough', () => app.looks > from + 8)
  }
  return { app, said, looksAgain, isCertain: () => isCertain }
}

test('an application that listens elsewhere only is told of soon, and has failed once nothing changes any more', async (t) => {
  const { said, isCertain } = watched(t, ['0.0.0.0:3000', '127.0.0.1:9229'])
  await until('it is certain', isCertain)
  assert.deepEqual(said, [['0.0.0.0:3000']])
})

test('one that works may open its port yet', async (t) => {
  const { app, said, looksAgain, isCertain } = watched(t, ['0.0.0.0:9229'])
  app.busy = true
  await until('it is told of', () => said.length === 1)
  await looksAgain()
  assert.ok(!isCertain())
  app.listens = ['0.0.0.0:9229', '0.0.0.0:80']
  await until('that is over', () => said.length === 2)
  app.busy = false
  await looksAgain()
  assert.ok(!isCertain())
  assert.deepEqual(said, [['0.0.0.0:9229'], []])
})

test('one that opens port after port is given its time anew', async (t) => {
  const { app, said, isCertain } = watched(t, ['0.0.0.0:1'], { certain: 100_000 })
  await until('it is told of', () => said.length === 1)
  app.listens = ['0.0.0.0:1', '0.0.0.0:2']
  await until('so is the next one', () => said.length === 2)
  app.listens = []
  await until('it listens nowhere', () => said.length === 3)
  assert.deepEqual(said, [['0.0.0.0:1'], ['0.0.0.0:1', '0.0.0.0:2'], []])
  assert.ok(!isCertain())
})

test('nothing is told of what cannot be seen, or listens for itself only, or on its port for itself', async (t) => {
  for (const listens of [undefined, [], ['127.0.0.1:3000', '[::1]:3000'], ['0.0.0.0:3000', '127.0.0.1:80']]) {
    const { said, looksAgain, isCertain } = watched(t, listens)
    await looksAgain()
    assert.deepEqual([said, isCertain()], [[], false], String(listens))
  }
})
