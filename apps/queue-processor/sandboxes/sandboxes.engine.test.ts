/** Sandboxes with the real engine: taken by starts, filled up again, kept by stopped previews, lost, and switched off. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { generationOf, type In } from '../../shared/preview/preview.ts'
import { sandboxName } from '../../shared/slots/container-name.ts'
import { hostPortOf } from '../../shared/slots/slot-scheme.ts'
import { addressOf } from '../../shared/slots/slots.ts'
import { request } from '../../testing/clients/http.ts'
import { docker, removeByHand } from '../../testing/harness/docker.ts'
import { inside } from '../../testing/harness/reach.ts'
import { until } from '../../testing/harness/until.ts'
import { buildSmall } from '../../testing/images/build.ts'
import { startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { openHarness, type Harness } from '../harness.ts'

describe('sandboxes', { timeout: 300_000 }, () => {
  let registry: Registry
  let harness: Harness

  before(async () => {
    registry = await startImageRegistry()
    for (const tag of ['a', 'b', 'c']) await buildSmall(`${registry.repository}:${tag}`, tag)
    const toItself = ['httpd', '-f', '-p', '127.0.0.1:80', '-h', '/www']
    await buildSmall(`${registry.repository}:itself`, '', { cmd: toItself })
    harness = await openHarness(registry.repository, { LOTAN_SANDBOXES: '2', LOTAN_KEPT_SANDBOXES: '1' })
    harness.startWorker()
  })
  after(async () => {
    await harness?.close()
    await registry?.close()
  })

  const of = (tag: string) => generationOf(harness.store.get(tag)!)!
  const name = (number: number) => sandboxName(harness.config.instance, number)
  const rows = () => harness.store.sandboxes.list()
  const ready = () => rows().filter(({ state }) => state === 'ready')
  const untilFull = () => until('two stand ready', () => ready().length === 2)

  async function up(tag: string) {
    await harness.click(tag)
    await harness.untilState(tag, 'running')
    return of(tag)
  }

  async function down(tag: string) {
    await harness.ask(tag, { type: 'stop', why: 'asked' })
    await harness.untilState(tag, 'stopped')
  }

  async function pageOf(tag: string): Promise<string> {
    const address = addressOf(harness.store.facts.get('subnet')!, of(tag).slot!)
    return (await request(80, { host: tag, address })).text
  }

  async function inspect(id: string) {
    const { HostConfig, State } = await docker<{
      HostConfig: { NetworkMode: string }
      State: { Running: boolean; StartedAt: string }
    }>('GET', `/containers/${id}/json`)
    return { joins: HostConfig.NetworkMode, running: State.Running, startedAt: State.StartedAt }
  }

  /** As the reaper tells it. */
  async function lost(tag: string, gone: boolean) {
    const { number } = of(tag)
    await harness.ask(tag, { type: 'exited', generation: number, gone, reason: { code: 'exited', detail: 'test' } })
    await until(`${tag} starts again`, () => harness.state(tag) !== 'running')
  }

  async function clear() {
    for (const tag of ['a', 'b', 'c']) {
      await harness.ask(tag, { type: 'remove' })
      await harness.untilState(tag, 'unknown' as 'running')
    }
  }

  /** A file in the container's own layer. */
  const write = (tag: string) => inside(of(tag).container!, ['/bin/busybox', 'cp', '/www/index.html', '/www/kept'])
  const isThere = async (tag: string) => {
    const address = addressOf(harness.store.facts.get('subnet')!, of(tag).slot!)
    return (await request(80, { host: tag, address, path: '/kept' })).status === 200
  }

  test('stand ready; a start takes one, and the pool is filled again', async () => {
    await untilFull()
    const [first] = ready()
    const { sandbox, slot, container } = await up('a')
    assert.deepEqual([sandbox, slot], [first!.number, first!.slot])
    const { Id } = await docker<{ Id: string }>('GET', `/containers/${name(sandbox!)}/json`)
    assert.equal((await inspect(container!)).joins, `container:${Id}`)
    assert.match(await pageOf('a'), /a/)
    await untilFull()
    assert.equal(rows().length, 3)
  })

  test('where an application in one listens is seen', async () => {
    await untilFull()
    await harness.click('itself')
    await until('its container joins a sandbox', () =>
      of('itself')?.container ? of('itself').sandbox !== null : false,
    )
    await harness.untilState('itself', 'failed')
    const { reason } = harness.store.get('itself') as In<'failed'>
    assert.deepEqual([reason.code, reason.listens], ['wrong-port', ['127.0.0.1:80']])
    await harness.ask('itself', { type: 'remove' })
  })

  test('a start beyond those that are ready has a network of its own', async () => {
    await down('a')
    await clear()
    await untilFull()
    const taken = await Promise.all(['a', 'b', 'c'].map((tag) => up(tag)))
    assert.equal(new Set(taken.map(({ slot }) => slot)).size, 3)
    assert.equal(taken.filter(({ sandbox }) => sandbox === null).length, 1)
    for (const tag of ['a', 'b', 'c']) assert.match(await pageOf(tag), new RegExp(tag))
  })

  test('are left to a stopped preview, which starts again as it was, at its address', async () => {
    await untilFull()
    await clear()
    const was = await up('a')
    const sandbox = await inspect(name(was.sandbox!))
    await write('a')
    await down('a')
    assert.deepEqual([of('a').slot, of('a').sandbox], [null, was.sandbox])
    assert.deepEqual(await inspect(name(was.sandbox!)), sandbox)
    assert.deepEqual(await up('a'), was)
    assert.deepEqual(await inspect(name(was.sandbox!)), sandbox)
    assert.ok(await isThere('a'))
  })

  test('of more stopped previews than are to have one end, and their previews start elsewhere, with their files', async () => {
    await untilFull()
    const [a, b] = [of('a'), await up('b')]
    assert.notEqual(b.sandbox, null)
    await down('a')
    await down('b')
    await until('that of the longest unused has ended', async () => !(await inspect(name(a.sandbox!))).running)
    assert.equal(rows().find(({ number }) => number === a.sandbox)!.slot, null)
    assert.ok((await inspect(name(b.sandbox!))).running)
    const again = await up('a')
    assert.deepEqual([again.container, again.sandbox], [a.container, a.sandbox])
    assert.notEqual(again.slot, a.slot)
    assert.match(await pageOf('a'), /a/)
    assert.ok(await isThere('a'))
  })

  for (const [what, method] of [
    ['killed', 'kill'],
    ['stopped, and its container too', 'stop'],
  ] as const)
    test(`that are ${what} are started again, then the container that they had`, async () => {
      const was = of('a')
      await docker('POST', `/containers/${name(was.sandbox!)}/${method}`)
      if (method === 'stop') await docker('POST', `/containers/${was.container}/kill`)
      const found = (await harness.engine.inspect(was.container!))!
      assert.deepEqual([found.cutOff, found.running], [true, method === 'kill'])
      await lost('a', false)
      assert.deepEqual(await harness.untilState('a', 'running').then(generationOf), was)
      assert.match(await pageOf('a'), /a/)
      assert.ok(await isThere('a'))
    })

  test('that are removed are made anew at their slot, and so is the container that they had', async () => {
    const was = of('a')
    await removeByHand(name(was.sandbox!))
    await lost('a', false)
    await harness.untilState('a', 'running')
    assert.notEqual(of('a').container, was.container)
    assert.deepEqual([of('a').sandbox, of('a').slot], [was.sandbox, was.slot])
    assert.match(await pageOf('a'), /a/)
  })

  test('go with their preview, and their slots rest', async () => {
    await clear()
    await untilFull()
    const { sandbox, slot } = await up('a')
    await clear()
    await until('the sandbox is gone', async () => (await harness.engine.inspect(name(sandbox!))) === undefined)
    await until('so is its row', () => !rows().some(({ number }) => number === sandbox))
    assert.equal(harness.store.isTaken(slot!), false)
    await untilFull()
    assert.ok(ready().every((one) => one.slot !== slot))
  })

  test('serve a newer image beside the one that runs', async () => {
    await untilFull()
    const was = await up('a')
    await buildSmall(`${registry.repository}:a`, 'a v2')
    const image = (await harness.engine.findImage(`${registry.repository}:a`))!
    await harness.ask('a', { type: 'renewed', image: { ...image, pulled: false } })
    await until(
      'it has taken over',
      () => of('a').number !== was.number && harness.store.get('a')!.retiring.length === 0,
    )
    assert.ok(of('a').sandbox !== null && of('a').sandbox !== was.sandbox)
    assert.match(await pageOf('a'), /a v2/)
    await until('the older one is gone', () => !rows().some(({ number }) => number === was.sandbox))
  })
})

describe('sandboxes on port slots', { timeout: 300_000 }, () => {
  test('let a stopped preview keep its files; one on another port has a network of its own', async (t) => {
    const registry = await startImageRegistry()
    t.after(() => registry.close())
    await buildSmall(`${registry.repository}:a`, 'a')
    await buildSmall(`${registry.repository}:odd`, 'odd', {
      cmd: ['httpd', '-f', '-p', '81', '-h', '/www'],
      expose: [81],
    })
    const harness = await openHarness(registry.repository, { LOTAN_SANDBOXES: '1', LOTAN_SLOT_KIND: 'port' })
    t.after(() => harness.close())
    harness.startWorker()
    const untilFull = () =>
      until('one stands ready', () => harness.store.sandboxes.list().some(({ state }) => state === 'ready'))
    await untilFull()
    await harness.click('a')
    const { generation: was } = await harness.untilState('a', 'running')
    assert.notEqual(was.sandbox, null)
    await harness.ask('a', { type: 'stop', why: 'asked' })
    await harness.untilState('a', 'stopped')
    await harness.click('a')
    assert.deepEqual((await harness.untilState('a', 'running')).generation, was)
    await untilFull()
    await harness.click('odd')
    assert.equal((await harness.untilState('odd', 'running')).generation.sandbox, null)
  })
})

describe('sandboxes beside several repositories', { timeout: 300_000 }, () => {
  let harness: Harness

  before(async () => {
    harness = await openHarness('127.0.0.1:9/web', { LOTAN_REPOSITORIES: 'api=127.0.0.1:9/api', LOTAN_SANDBOXES: '1' })
    harness.startWorker()
  })
  after(() => harness?.close())

  const readyOne = async () => {
    const one = () => harness.store.sandboxes.list().find(({ state }) => state === 'ready')
    await until('one stands ready', () => one() !== undefined)
    return one()!
  }

  test('write the hosts that are told last, below the engine’s own lines, and forget them when they end', async () => {
    const { number } = await readyOne()
    const name = sandboxName(harness.config.instance, number)
    const write = (...hosts: string[]) => harness.deps.sandboxes.writeHosts(number, '10.1.1.1', hosts)
    const told = async () => {
      const lines = (await inside(name, ['/busybox', 'cat', '/etc/hosts'])).trim().split('\n')
      assert.match(lines[0]!, /localhost/)
      return lines.filter((line) => line.startsWith('10.1.1.1'))
    }
    await write('a.example.com', 'b.example.com')
    assert.deepEqual(await told(), ['10.1.1.1 a.example.com', '10.1.1.1 b.example.com'])
    await write('c.example.com')
    assert.deepEqual(await told(), ['10.1.1.1 c.example.com'])
    await write()
    assert.deepEqual(await told(), [])
    await docker('POST', `/containers/${name}/kill`)
    await assert.rejects(write('d.example.com'), { code: 'unjoined' })
    await docker('POST', `/containers/${name}/start`)
    assert.deepEqual(await told(), [])
    await write('d.example.com')
    assert.deepEqual(await told(), ['10.1.1.1 d.example.com'])
    await removeByHand(name)
    await assert.rejects(write('e.example.com'), { code: 'missing' })
  })

  test('of the time with one repository are not used, since they can be told no hosts', async () => {
    const { repositories } = harness.config
    const { number, slot } = await readyOne()
    await removeByHand(sandboxName(harness.config.instance, number))
    harness.config.repositories = repositories.slice(0, 1)
    const scheme = await harness.deps.network.slotScheme()
    await harness.deps.sandboxes.wake(number, 80, hostPortOf(scheme, { slot: slot!, port: 80 }))
    await assert.rejects(harness.deps.sandboxes.writeHosts(number, '10.1.1.1', []), { code: 'occupied' })
    harness.config.repositories = repositories
    await buildSmall('127.0.0.1:9/web:a', 'a')
    await harness.click('a')
    const { generation } = await harness.untilState('a', 'running')
    assert.notEqual(generation.sandbox, number)
  })
})
