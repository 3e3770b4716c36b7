/** Containers that somebody ends by hand, and applications that only look as if they were lost. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { asBrowser, startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { kill, removeByHand } from '../testing/harness/docker.ts'
import { buildApps } from '../testing/images/build.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'

const tags = ['killed', 'removed', 'posted', 'dropping', 'exiting', 'stopped-by-hand', 'crowded']

describe('a container that is lost', { timeout: 300_000 }, () => {
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    await buildApps(registry.repository, tags)
    lotan = await startLotan({ repository: registry.repository })
    await Promise.all(tags.map((tag) => lotan.request(tag, { path: '/plain' })))
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  for (const [tag, how] of [
    ['killed', kill],
    ['removed', removeByHand],
  ] as const)
    test(`is started again by the next click after it was ${tag} by hand`, async () => {
      const was = await lotan.containerOf(tag)
      await lotan.request(tag, { path: '/plain' })
      await how(was)
      const { status, text } = await lotan.request(tag, { path: '/plain' })
      assert.deepEqual([status, text], [200, tag])
      const page = await lotan.click(tag, '/plain')
      assert.deepEqual([page.status, page.text], [200, tag])
      if (tag === 'removed') assert.notEqual(await lotan.containerOf(tag), was)
    })

  test('answers a POST that met it with 503, since its body is spent, and the next one goes through', async () => {
    await lotan.request('posted', { path: '/plain' })
    await removeByHand(await lotan.containerOf('posted'))
    const body = Buffer.alloc(2 * 1024 * 1024, 'x')
    const post = () => lotan.request('posted', { method: 'POST', path: '/upload', body })
    const met = await post()
    assert.equal(met.status, 503)
    assert.match(met.headers['content-type'] ?? '', /problem\+json/)
    assert.ok(Number(met.headers['retry-after']) > 0)
    // As long as nginx remembers where it was: two seconds.
    const again = await until('a POST goes through', async () => {
      const answer = await post()
      return answer.status === 200 && answer
    })
    assert.equal((JSON.parse(again.text) as { bytes: number }).bytes, body.length)
  })

  test('is not what an application that drops a connection is: 502, and nothing is restarted', async () => {
    const was = await lotan.containerOf('dropping')
    const page = await lotan.request('dropping', { path: '/drop', headers: asBrowser })
    assert.equal(page.status, 502)
    assert.match(page.headers['content-type'] ?? '', /html/)
    const problem = await lotan.request('dropping', { path: '/drop' })
    assert.equal(problem.status, 502)
    assert.equal((await lotan.request('dropping', { path: '/drop', method: 'POST', body: 'x' })).status, 502)
    assert.equal(await lotan.containerOf('dropping'), was)
    assert.equal((await lotan.request('dropping', { path: '/plain' })).text, 'dropping')
  })

  test('comes back by itself when its application ended by itself', async () => {
    // A GET would be tried again, and end the next one too.
    assert.equal((await lotan.request('exiting', { method: 'POST', path: '/exit?code=3' })).status, 503)
    const { status, text } = await lotan.request('exiting', { path: '/plain' })
    assert.deepEqual([status, text], [200, 'exiting'])
    assert.ok(lotan.store.history('exiting').some(({ event }) => event === 'exited'))
  })

  test('is one crash, however many meet it', async () => {
    const crowd = () => Promise.all(Array.from({ length: 20 }, () => lotan.request('crowded', { path: '/plain' })))
    await crowd()
    await kill(await lotan.containerOf('crowded'))
    for (const { status, text } of await crowd()) assert.deepEqual([status, text], [200, 'crowded'])
    assert.equal(lotan.store.history('crowded').filter(({ event }) => event === 'exited').length, 1)
    assert.equal(lotan.store.get('crowded')?.crashes, 1)
  })

  test('comes back even while the reaper, which would notice, is away', async () => {
    const tag = 'stopped-by-hand'
    const reaper = lotan.part('reaper')!
    process.kill(reaper, 'SIGKILL')
    await kill(await lotan.containerOf(tag))
    const { status, text } = await lotan.click(tag, '/plain')
    assert.deepEqual([status, text], [200, tag])
  })
})
