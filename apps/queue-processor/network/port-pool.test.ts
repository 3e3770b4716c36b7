import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { candidates, fillPool } from './port-pool.ts'

test('every port is thought of once, from any one on, those that the kernel gives out last', () => {
  for (const from of [0, 7, 27_000]) {
    const ports = [...candidates([32_768, 60_999], (below) => Math.min(from, below - 1))]
    assert.equal(new Set(ports).size, 65_535 - 10_000 + 1)
    assert.equal(ports.length, 65_535 - 10_000 + 1)
    const isOutgoing = (port: number) => port >= 32_768 && port <= 60_999
    assert.equal(ports.findIndex(isOutgoing), 32_768 - 10_000 + 65_535 - 60_999)
    assert.ok(ports.slice(ports.findIndex(isOutgoing)).every(isOutgoing))
  }
  assert.equal([...candidates([1, 65_535], () => 5)][0], 10_005, 'where it gives out all of them')
})

test('what is known stays where it is, and the rest is free', async (t) => {
  const busy = net.createServer().listen(0, '127.0.0.1')
  t.after(() => busy.close())
  await once(busy, 'listening')
  const { port } = busy.address() as net.AddressInfo
  const first = await fillPool([port, 12_345], 40, [])
  assert.deepEqual([first[0], first[1], first.length, new Set(first).size], [port, 12_345, 40, 40])
  const more = await fillPool(first, 60, [])
  assert.deepEqual([more.slice(0, 40), more.length, new Set(more).size], [first, 60, 60])
  assert.equal(await fillPool(more, 50, []).then(({ length }) => length), 60)
})

test('ports that are taken or reserved are not in the pool', async () => {
  const all = [...candidates([1, 2], () => 0)]
  const [one, two, ...others] = all.slice(0, 60)
  await assert.rejects(fillPool([], 3, [...others, ...all.slice(60)]), /LOTAN_SLOTS is 3, but only [012] ports/)
  const busy = net.createServer().listen(one, '127.0.0.1')
  try {
    await once(busy, 'listening')
    const pool = await fillPool([], 1, [...others, ...all.slice(60)])
    assert.deepEqual(pool, [two])
  } finally {
    busy.close()
  }
})
