/** What a container has written, wherever it has put it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import net, { type AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { docker, removeByHand, removeImageByHand } from '../../testing/harness/docker.ts'
import { buildSmall } from '../../testing/images/build.ts'
import { engine } from '../../testing/images/kept-bases.ts'
import { surroundings } from '../../testing/harness/surroundings.ts'
import { until } from '../../testing/harness/until.ts'
import { openEngine } from './engine.ts'

const MB = 1024 ** 2
const reference = `lotan-test/writes:${process.pid}`

describe('what a container has written', { timeout: 300_000 }, () => {
  let id = ''
  before(async () => {
    await buildSmall(reference, 'writes', { cmd: ['sleep', '600'], volumes: ['/data'] })
    const made = await docker<{ Id: string }>('POST', '/containers/create', { Image: reference })
    id = made.Id
    await docker('POST', `/containers/${id}/start`)
  })
  after(async () => {
    await removeByHand(id)
    await removeImageByHand(reference)
  })

  /** Has the container run something, and waits until it has ended. */
  async function does(script: string) {
    const Cmd = ['/bin/busybox', 'sh', '-c', script]
    const { Id } = await docker<{ Id: string }>('POST', `/containers/${id}/exec`, { Cmd })
    await docker('POST', `/exec/${Id}/start`, { Detach: true })
    await until('it is done', async () => !(await docker<{ Running: boolean }>('GET', `/exec/${Id}/json`)).Running)
  }

  async function written(most = 1e12): Promise<number> {
    return (await engine.written(id, most))!
  }

  /** How many megabytes more there are after something was done. */
  async function more(script: string): Promise<number> {
    const before = await written()
    await does(script)
    return Math.round(((await written()) - before) / MB)
  }

  const put = (path: string) => `dd if=/dev/zero of=${path} bs=1M count=5`

  test('is next to nothing at first, and is known within milliseconds', async (t) => {
    const began = performance.now()
    assert.ok((await written()) < 0.1 * MB)
    t.diagnostic(`${Math.round(performance.now() - began)} ms`)
  })

  test('counts wherever it is: in its layer, in a volume, in the files that the engine gives it', async () => {
    for (const path of ['/file', '/data/file', '/etc/hosts', '/etc/hostname', '/etc/resolv.conf'])
      assert.equal(await more(put(path)), 5, path)
  })

  test('counts what takes room: blocks once, each file a little, and nothing that lies in memory', async () => {
    assert.equal(await more('truncate -s 50G /sparse'), 0)
    assert.equal(await more('ln /file /second'), 0)
    assert.equal(await more('fallocate -l 5M /allocated'), 5)
    assert.equal(await more('mkdir /many; cd /many; seq 1 2560 | xargs touch'), 10)
    assert.equal(await more(put('/dev/shm/file')), 0)
  })

  test('counts files that were removed while a process has them open', async () => {
    const before = await written()
    // It goes on in the background.
    await does(`(exec 7>/removed; rm /removed; dd if=/dev/zero bs=1M count=5 >&7; exec sleep 600) >/dev/null 2>&1 &`)
    await until('it is seen', async () => Math.round(((await written()) - before) / MB) === 5)
  })

  test('is not counted further than asked for', async () => {
    const bytes = await written(12 * MB)
    assert.ok(bytes > 12 * MB && bytes < 20 * MB, `${bytes}`)
  })

  test('is the engine’s own word where its files cannot be read', async () => {
    const socket = surroundings.DOCKER_HOST?.slice('unix://'.length) ?? '/var/run/docker.sock'
    const forward = net.createServer((from) => from.pipe(net.connect(socket)).pipe(from)).listen(0, '127.0.0.1')
    await once(forward, 'listening')
    const { port } = forward.address() as AddressInfo
    const elsewhere = openEngine({ dockerHost: `tcp://127.0.0.1:${port}`, instance: 'lotantest' })
    await does('rm /sparse')
    const bytes = (await elsewhere.written(id, 1e12))!
    forward.close()
    assert.equal(Math.round(bytes / MB), 10, 'the layer alone')
  })

  test('is gone with it', async () => {
    assert.equal(await engine.written('0'.repeat(64), 1e12), undefined)
    const [volume] = (await docker<{ Mounts: { Source: string }[] }>('GET', `/containers/${id}/json`)).Mounts
    await engine.kill(id)
    await engine.kill(id)
    assert.ok((await written()) > 10 * MB, 'it is stopped, and its files are there')
    await engine.remove(id)
    assert.equal(await engine.written(id, 1e12), undefined)
    await assert.rejects(fs.stat(volume!.Source), { code: 'ENOENT' })
  })
})
