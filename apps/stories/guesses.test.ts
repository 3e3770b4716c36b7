/** Hosts that somebody makes up, hundreds a second: they cost the registry next to nothing, and nobody else anything. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { asBrowser, startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { countQuestions, type Counted } from '../testing/registries/counting-proxy.ts'
import { publishApps } from '../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'

const A_SECOND = 500
const QUIET = ['quiet-1', 'quiet-2', 'quiet-3']
const BUSY = ['busy-1', 'busy-2', 'busy-3']

describe('guesses', { timeout: 300_000 }, () => {
  let registry: Registry
  let counted: Counted
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    counted = await countQuestions(registry.port)
    await push([...QUIET, ...BUSY])
    lotan = await startLotan({ repository: repository() })
    await until('the tags are known', () => lotan.store.offered('').length === QUIET.length + BUSY.length)
  })
  after(async () => {
    await lotan?.stop()
    counted?.close()
    await registry?.close()
  })

  test('cost a bounded number of calls, hold up nobody, and leave nothing behind', async (t) => {
    const before = await clickEach(QUIET)
    const flood = guess(lotan)
    const from = counted.asked.length
    const began = performance.now()
    await until('the first guesses are answered', () => flood.answers().size > 0)
    const during = await clickEach(BUSY)
    await push(['fresh'])
    const pushed = performance.now()
    await until('a tag that was pushed meanwhile opens', () => opens('fresh'), { within: 60_000, every: 500 })
    const known = performance.now() - pushed
    const answers = await flood.stop()
    const seconds = (performance.now() - began) / 1_000
    const asked = counted.asked.slice(from)

    const total = [...answers.values()].reduce((sum, n) => sum + n, 0)
    t.diagnostic(`${total} guesses in ${seconds.toFixed(1)} s: ${JSON.stringify(Object.fromEntries(answers))}`)
    t.diagnostic(`a first click took ${before.join(', ')} ms before, ${during.join(', ')} ms meanwhile`)
    t.diagnostic(`a tag pushed meanwhile opened after ${Math.round(known)} ms; ${asked.length} calls of the registry`)
    assert.ok(total > 10 * (20 + 2 * seconds), 'the flood came: ten times what is looked up')
    assert.deepEqual([...answers.keys()].sort(), [404, 503], 'each is answered with a page or a problem')
    const guesses = asked.filter(({ path }) => path.includes('/manifests/guess-'))
    assert.ok(guesses.length > 0)
    assert.ok(guesses.length <= 20 + 2 * seconds + 1, `${guesses.length} in ${seconds} s`)
    assert.ok(guesses.every(({ method }) => method === 'HEAD'))
    // Each is asked for what comes behind it, too, where the registry does not say that it is whole.
    const lists = asked.filter(({ path }) => path.includes('/tags/list') && !path.includes('last='))
    assert.ok(lists.length <= 1 + seconds / 10 + 1, `${lists.length} lists in ${seconds} s`)
    // On the same two cores as the flood itself.
    assert.ok(median(during) < 3 * median(before) + 500, `${during.join()} against ${before.join()}`)

    await until('nothing is left of them', () => lotan.store.list().every(({ tag }) => !tag.startsWith('guess-')))
    assert.ok(lotan.store.list().length === QUIET.length + BUSY.length + 1)
    const traces = guesses.flatMap(({ path }) => lotan.store.history(path.slice(path.lastIndexOf('/') + 1)))
    assert.deepEqual(traces, [])
  })

  test('that come one at a time are looked up, and told apart', async () => {
    await push(['late'])
    assert.equal((await lotan.click('late')).status, 200)
    assert.equal((await lotan.click('nonesuch')).status, 404)
    const { status, headers } = await lotan.request('nonesuch', { headers: asBrowser })
    assert.deepEqual([status, Number(headers['retry-after']) <= 15], [404, true])
  })

  function repository() {
    return `127.0.0.1:${counted.port}/todowrangler`
  }

  async function push(tags: string[]) {
    await publishApps(repository(), tags)
  }

  /** A program's request, which is held until its preview answers. @returns milliseconds, of each */
  async function clickEach(tags: string[]): Promise<number[]> {
    const took: number[] = []
    for (const tag of tags) {
      const began = performance.now()
      const { status, text } = await lotan.request(tag, { path: '/plain' })
      took.push(Math.round(performance.now() - began))
      assert.deepEqual([status, text], [200, tag])
    }
    return took
  }

  /** Whether a tag's application answers; as a browser's page does, it comes back when it is told to. */
  async function opens(tag: string): Promise<boolean> {
    const { status, headers } = await lotan.request(tag, { path: '/plain', headers: asBrowser })
    if (status === 503) assert.ok(Number(headers['retry-after']) <= 10)
    return status === 200
  }
})

/** Asks for one made-up host after another, as browsers and as programs, until it is stopped. */
function guess(lotan: Lotan) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 50 })
  const answers = new Map<number, number>()
  const open = new Set<Promise<void>>()
  let number = 0
  let over = false

  async function one() {
    const headers = number % 2 ? asBrowser : {}
    const { status } = await lotan.request(`guess-${number++}`, { agent, headers })
    answers.set(status, (answers.get(status) ?? 0) + 1)
  }

  async function send() {
    const began = performance.now()
    while (!over) {
      const due = Math.floor(((performance.now() - began) / 1_000) * A_SECOND)
      while (number < due && open.size < 200) {
        const asking = one().finally(() => open.delete(asking))
        open.add(asking)
      }
      await sleep(10)
    }
  }

  const sending = send()
  return {
    /** How many were answered with each status. */
    answers: () => answers,
    async stop() {
      over = true
      await sending
      await Promise.all(open)
      agent.destroy()
      return answers
    },
  }
}

function median(numbers: number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!
}
