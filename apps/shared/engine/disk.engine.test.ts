/** Which disk is the engine's, and when that cannot be known from here. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { docker } from '../../testing/harness/docker.ts'
import { engine as own } from '../../testing/images/kept-bases.ts'
import { openEngine } from './engine.ts'

let dir = ''
before(async () => {
  dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-elsewhere-'))
})
after(() => fs.rm(dir, { recursive: true }))

/** Asks for the disk of an engine that says of itself what ours says, but for this; it is reached by a socket or a port. */
async function diskOf(differs: object, way: 'unix' | 'tcp' = 'unix') {
  const info = { ...(await docker<object>('GET', '/info')), ...differs }
  const socket = path.join(dir, 'docker.sock')
  const server = http.createServer((_, res) => res.end(JSON.stringify(info)))
  server.listen(way === 'unix' ? { path: socket } : { port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const dockerHost = way === 'unix' ? `unix://${socket}` : `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    return await openEngine({ dockerHost, instance: 'x' }).disk()
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

test('the disk of the engine that runs here is measured', async () => {
  const disk = (await own.disk())!
  const { DockerRootDir } = await docker<{ DockerRootDir: string }>('GET', '/info')
  assert.equal(disk.root, DockerRootDir)
  const { bavail, bsize } = await fs.statfs(DockerRootDir)
  // Others use it meanwhile.
  assert.ok(Math.abs(disk.free - bavail * bsize) < 5e9 && disk.free <= disk.total)
  assert.equal((await diskOf({}))?.root, DockerRootDir)
})

test('the disk of another machine is not taken for this one’s', async () => {
  assert.equal(await diskOf({}, 'tcp'), undefined, 'reached by a port')
  assert.equal(await diskOf({ KernelVersion: '6.6.0-linuxkit' }), undefined, 'a desktop engine’s')
  assert.equal(await diskOf({ MemTotal: 1_000_000 }), undefined, 'another memory')
  assert.equal(await diskOf({ DockerRootDir: '/nowhere/docker' }), undefined, 'a directory that is not here')
  assert.equal(await diskOf({ Name: 'another', DockerRootDir: dir }), undefined, 'a directory that is no engine’s')
})

test('from a container of this machine it is measured where the engine’s directory can be seen', async () => {
  const { Driver } = await docker<{ Driver: string }>('GET', '/info')
  await fs.mkdir(path.join(dir, 'image', Driver), { recursive: true })
  assert.equal((await diskOf({ Name: 'another', DockerRootDir: dir }))?.root, dir)
})
