/** People who look come first: a click does not wait behind what was only asked for. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { asBrowser, startLotan, type Lotan } from '../testing/harness/lotan.ts'
import type { State } from '../shared/preview/preview.ts'
import { until } from '../testing/harness/until.ts'
import { publishSmall } from '../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { openGate, type Gate } from '../testing/registries/throttle.ts'

const asked = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
/** Those that are pulled for no person, side by side, and one place for a person. */
const PLACES = 4

describe('one click behind eight tags that the API has added', { timeout: 180_000 }, () => {
  let registry: Registry
  let gate: Gate
  let lotan: Lotan

  let one = ''
  let other = ''

  const inState = (state: State) => asked.filter((tag) => lotan.store.get(tag)?.state === state)
  const position = async (tag: string) => (await lotan.api('GET', `/previews/${tag}`)).json.position
  const pulledAt = (tag: string) => lotan.store.history(tag).find(({ event }) => event === 'pull')?.at

  before(async () => {
    registry = await startImageRegistry()
    gate = await openGate(registry.port)
    for (const tag of asked) await publishSmall(`localhost:${registry.port}/todowrangler:${tag}`, tag, { ballast: 100 })
    lotan = await startLotan({
      repository: registry.repository.replace(String(registry.port), String(gate.port)),
      env: { LOTAN_MAX_RUNNING: String(PLACES), LOTAN_GRACE_SECONDS: '1' },
    })
    await until('the tags are known', async () => {
      const { json } = await lotan.api<unknown[]>('GET', '/tags')
      return json.length === asked.length
    })
  })
  after(async () => {
    await lotan?.stop()
    await gate?.close()
    await registry?.close()
  })

  test('is pulled at once, beside those that are being pulled', async () => {
    gate.narrow(0)
    for (const tag of asked) assert.equal((await lotan.api('POST', '/previews', { tag })).status, 202)
    await until('three are being pulled', () => inState('pulling').length === 3)
    await until('the others wait', () => inState('queued').length === 5)
    ;[one, other] = inState('queued').slice(-2) as [string, string]
    assert.equal(await position(one), 4)

    const page = await lotan.request(one, { headers: asBrowser })
    assert.equal(page.status, 503)
    await lotan.untilState(one, 'pulling', 5_000)
    assert.equal(inState('queued').length, 4)
  })

  test('is next where all places are taken, and its page says what it waits for', async () => {
    assert.equal(await position(other), 4)
    const page = await lotan.request(other, { headers: asBrowser })
    assert.match(page.text, /Full: 4 of 4 run; room is made when one is idle[^.]*\. You are next\./)
    assert.equal(await position(other), 1)
    assert.equal(await position(inState('queued').find((tag) => tag !== other)!), 2)
  })

  test('has the place of one that came up and met no visitor, before all that no person waits for', async () => {
    const rest = inState('queued').filter((tag) => tag !== other)
    assert.equal(rest.length, 3)
    gate.widen()
    const open = await lotan.open(other, { path: '/.lotan/events', headers: { Accept: 'text/event-stream' } })
    await lotan.untilState(other, 'running')
    open.destroy()
    const left = asked.filter((tag) => lotan.store.history(tag).some(({ event }) => event === 'stop'))
    assert.ok(left.length > 0)
    for (const tag of rest) assert.ok((pulledAt(tag) ?? Infinity) > pulledAt(other)!, `${tag} went before ${other}`)
  })
})
