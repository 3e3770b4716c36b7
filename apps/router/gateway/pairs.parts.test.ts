/** What a preview's call is answered, as nginx asks for it: whose it is, what it may reach, what it wakes and for how long. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { addressOf } from '../../shared/slots/slots.ts'
import { generationOf } from '../../shared/preview/preview.ts'
import { until } from '../../testing/harness/until.ts'
import { bringUp, domain, openBed, type Bed } from '../admin/harness.ts'

const SUBNET = '10.83.0.0/20'
const page = { Accept: 'text/html', 'X-Kind': 'robot', 'User-Agent': 'Googlebot/2.1' }
const IDLE_MS = 10 * 60_000

describe('a preview’s call', { timeout: 60_000 }, () => {
  let bed: Bed
  before(async () => {
    bed = await openBed({
      REPOSITORY: 'reg.example.com/web',
      LOTAN_REPOSITORIES: 'api=reg.example.com/api docs=reg.example.com/docs',
      TAG_FILTER_DOCS: '^pr',
      LOTAN_GATE: 'password',
      LOTAN_GATE_PASSWORD: 'open sesame',
      LOTAN_HOLD_SECONDS: '1',
    })
    bed.store.facts.set('slotKind', 'network')
    bed.store.facts.set('subnet', SUBNET)
    for (const id of ['pr-7', 'pr-8', 'api/pr-7', 'api/pr-8', 'api/main']) bringUp(id, bed)
  })
  beforeEach(() => seen('pr-7', Date.now()))
  after(() => bed?.close())

  const get = (id: string) => bed.store.get(id)
  const seen = (id: string, at: number) => bed.store.touch([[id, at]])
  const peerOf = (id: string) => addressOf(SUBNET, generationOf(get(id)!)!.slot!)
  const ask = (path: string, host: string, peer: string, more: Record<string, string> = {}) =>
    bed.door(path, { 'X-Host': `${host}.${domain}`, 'X-Peer': peer, 'X-Address': peer, ...page, ...more })
  const states = () =>
    bed.store.list().map(({ repository, tag, state, change }) => [repository, tag, state, change].join())

  test('reaches its own tag and those that stand for it, in other repositories, without a pass', async () => {
    for (const host of ['pr-7.api', 'main.api']) {
      const { status, headers } = await ask('/wait', host, peerOf('pr-7'))
      assert.deepEqual([status, headers['x-caller'], headers['cache-control']], [200, 'pr-7', 'no-store'], host)
      assert.match(String(headers['x-relay']), /^10\.83\.0\.\d+:80$/)
    }
    assert.equal((await ask('/wait', 'pr-7', peerOf('api/pr-7'))).headers['x-caller'], 'api/pr-7')
    assert.equal((await bed.door('/wait', { 'X-Host': `pr-7.api.${domain}`, 'X-Address': peerOf('pr-7') })).status, 401)
  })

  test('reaches nothing else, and neither asks nor wakes anything by it', async () => {
    const before = states()
    for (const [who, host, peer] of [
      ['another tag', 'pr-8.api', peerOf('pr-7')],
      ['its own repository', 'pr-8', peerOf('pr-7')],
      ['itself', 'pr-7', peerOf('pr-7')],
      ['a repository that is not listed', 'pr-7.other', peerOf('pr-7')],
      ['a tag that there is not', 'none.api', peerOf('pr-7')],
      ['no tag', '-no', peerOf('pr-7')],
      ['a slot that nothing holds', 'pr-7.api', addressOf(SUBNET, 400)],
      ['an address that is no slot’s', 'pr-7.api', '10.83.12.7'],
      ['no address', 'pr-7.api', 'x'],
    ] as const)
      for (const path of ['/route', '/wait', '/lost', '/silent', '/interim', '/answer', '/about', '/events', '/retry', '/enter', '/leave']) {
        const { status, json } = await ask(path, host, peer, { 'X-Passes': 'x'.repeat(43), 'X-Bypass': bed.config.adminToken })
        const type = (json as { type?: string } | undefined)?.type?.split('/').at(-1)
        const isAsked = ['/route', '/wait', '/lost', '/silent'].includes(path)
        assert.deepEqual([status, type], [403, isAsked ? undefined : 'not-a-pair'], `${who}: ${path}`)
      } // prettier-ignore
    assert.deepEqual(states(), before)
    for (const path of ['/about', '/events', '/retry', '/enter', '/leave'])
      assert.equal((await ask(path, 'pr-7.api', peerOf('pr-7'))).status, 403, path)
  })

  test('is no call of the preview that had the address before', async () => {
    bringUp('pr-9', bed)
    const peer = peerOf('pr-9')
    assert.equal((await ask('/wait', 'main.api', peer)).status, 200)
    for (const type of ['remove', 'ending', 'removed'] as const) bed.store.apply('pr-9', { type })
    assert.equal((await ask('/wait', 'main.api', peer)).status, 403)
  })

  test('is known by the sandbox whose network its container has', async () => {
    const { number, slot } = bed.store.sandboxes.begin(null)!
    bed.store.sandboxes.ready(number)
    assert.equal((await ask('/wait', 'main.api', addressOf(SUBNET, slot!))).status, 403, 'nobody has it yet')
    bed.store.apply('pr-10', { type: 'start', by: 'visit' })
    bed.store.apply('pr-10', { type: 'found', image: get('pr-7')!.image! })
    bed.store.apply('pr-10', { type: 'begin', places: 50, port: 80, sandbox: number })
    assert.equal(generationOf(get('pr-10')!)?.sandbox, number)
    const { status, headers } = await ask('/wait', 'main.api', addressOf(SUBNET, slot!))
    assert.deepEqual([status, headers['x-caller']], [200, 'pr-10'])
  })

  test('is activity as old as the caller’s last visit, or as its start where nobody has come yet', async () => {
    for (const id of ['pr-30', 'api/pr-30']) bringUp(id, bed)
    const call = () => ask('/wait', 'pr-30.api', peerOf('pr-30'))
    await call()
    await until('the start is noted', () => get('api/pr-30')?.lastSeen === get('pr-30')!.stages.running)
    const visit = Date.now() + 1
    seen('pr-30', visit)
    await call()
    await until('the visit is noted', () => get('api/pr-30')?.lastSeen === visit)
  })

  test('wakes a cold one for the caller’s visitor, gets no page while it waits, and is told as the one who has', async () => {
    const held = await ask('/wait', 'pr-7.docs', peerOf('pr-7'))
    assert.deepEqual([held.status, held.headers['x-verdict']], [403, undefined])
    const docs = get('docs/pr-7')!
    assert.deepEqual([docs.state, docs.lastSeen], ['queued', get('pr-7')!.lastSeen])
    assert.equal(bed.store.history('docs/pr-7').find(({ event }) => event === 'start')?.who, 'pr-7')
    const { status, json, headers } = await ask('/answer', 'pr-7.docs', peerOf('pr-7'))
    assert.deepEqual(
      [status, (json as { type: string }).type.split('/').at(-1), headers['retry-after']],
      [503, 'starting', '2'],
    )
    const filtered = await ask('/answer', 'main.docs', peerOf('pr-7'))
    assert.deepEqual(
      [filtered.status, (filtered.json as { type: string }).type.split('/').at(-1)],
      [403, 'not-offered'],
    )
    bed.store.apply('docs/pr-7', { type: 'fail', reason: { code: 'bad-image', detail: 'x' } })
    const failed = await ask('/answer', 'pr-7.docs', peerOf('pr-7'))
    assert.deepEqual([failed.status, failed.headers['content-type']], [502, 'application/problem+json'])
  })

  test('wakes nothing for a caller that nobody visits', async () => {
    const store = bed.store
    const past = Date.now() - IDLE_MS - 1_000
    store.apply('api/pr-20', { type: 'start', by: 'visit', visited: past })
    bringUp('api/pr-20', bed)
    const before = states()
    const { status } = await ask('/wait', 'pr-20.docs', peerOf('api/pr-20'))
    assert.deepEqual([status, states()], [403, before])
    const { json, headers } = await ask('/answer', 'pr-20.docs', peerOf('api/pr-20'))
    const told = json as { status: number; type: string; detail: string }
    assert.deepEqual([told.status, told.type.split('/').at(-1), headers['retry-after']], [503, 'asleep', '10'])
    assert.match(told.detail, /nobody visits/)
    // Somebody comes: the same call wakes it.
    seen('api/pr-20', Date.now())
    await ask('/wait', 'pr-20.docs', peerOf('api/pr-20'), { Prefer: 'wait=0' })
    assert.equal(get('docs/pr-20')?.state, 'queued')
  })

  test('that meets one on its way down starts it once it is down', async () => {
    for (const type of ['stop', 'ending'] as const) bed.store.apply('api/pr-7', { type, why: 'idle' } as never)
    const { change } = get('api/pr-7')!
    const held = ask('/wait', 'pr-7.api', peerOf('pr-7'))
    await until('it is held', () => bed.context.meters.held === 1)
    assert.deepEqual([get('api/pr-7')?.state, get('api/pr-7')?.change], ['stopping', change])
    bed.store.apply('api/pr-7', { type: 'ended' })
    await until('it starts', () => get('api/pr-7')?.state === 'queued')
    await held
  })
})
