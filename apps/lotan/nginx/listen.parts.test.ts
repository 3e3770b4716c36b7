import assert from 'node:assert/strict'
import net from 'node:net'
import { test } from 'node:test'
import { freePort } from '../../testing/harness/ports.ts'
import { listensOn, whyNotListen } from './listen.ts'

test('a free port is no trouble', async () => {
  assert.equal(await whyNotListen({ tls: null, listen: { host: '127.0.0.1', port: await freePort() } }), undefined)
})

test('a port that is taken is said to be, and by whom', async () => {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  const why = await whyNotListen({ tls: null, listen: { host: '127.0.0.1', port } })
  assert.match(why!, new RegExp(`^LOTAN_LISTEN 127\\.0\\.0\\.1:${port} is taken by .* \\(pid ${process.pid}\\)`))
  server.close()
})

test('an address of another machine is said to be one', async () => {
  const port = await freePort()
  assert.match(
    (await whyNotListen({ tls: null, listen: { host: '192.0.2.1', port } }))!,
    /is no address of this machine/,
  )
})

test('[::] is IPv4 too, where nginx alone would listen to IPv6 only', async () => {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  assert.deepEqual(listensOn({ host: '[::]', port }), [
    { host: '0.0.0.0', port },
    { host: '[::]', port },
  ])
  assert.match(
    (await whyNotListen({ tls: null, listen: { host: '[::]', port } }))!,
    /^LOTAN_LISTEN \[::\]:\d+ is taken by/,
  )
  await new Promise((resolve) => server.close(resolve))
  assert.equal(await whyNotListen({ tls: null, listen: { host: '[::]', port } }), undefined)
})

test('an IPv6 address stands in brackets', async () => {
  assert.equal(await whyNotListen({ tls: null, listen: { host: '[::1]', port: await freePort() } }), undefined)
})
