import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mostStacksIn, stackPoolFor, stackSubnetOf } from './stack-pool.ts'
import { overlaps } from './slots.ts'

test('the pool is a free /16, at a place of its own for each instance, and smaller where none is free', () => {
  const cases: [taken: string[], instance: string, pool: string][] = [
    [[], '00000000', '10.83.0.0/16'],
    [[], '00000001', '10.84.0.0/16'],
    [['10.83.0.0/20'], '00000000', '10.84.0.0/16'],
    [['10.84.200.0/24'], '00000001', '10.85.0.0/16'],
    [['10.127.0.0/16'], '0000002c', '10.83.0.0/16'],
    [['10.0.0.0/8'], '00000000', '172.20.0.0/16'],
    [['10.0.0.0/8', '172.16.0.0/12'], '00000000', '192.168.64.0/18'],
    [['10.0.0.0/8', '172.16.0.0/12', '192.168.70.0/24'], '00000000', '192.168.80.0/20'],
  ]
  for (const [taken, instance, pool] of cases) assert.equal(stackPoolFor(taken, instance), pool, taken.join(' '))
  assert.throws(() => stackPoolFor(['0.0.0.0/0'], '00000000'), /no private \/20 network is free for stacks/)
})

test('each number has a subnet of the pool, and no two overlap', () => {
  assert.deepEqual(['10.83.0.0/16', '192.168.64.0/18', '192.168.80.0/20'].map(mostStacksIn), [2047, 511, 127])
  assert.equal(stackSubnetOf('10.83.0.0/16', 1), '10.83.0.32/27')
  assert.equal(stackSubnetOf('10.83.0.0/16', 2047), '10.83.255.224/27')
  const all = Array.from({ length: 127 }, (_, n) => stackSubnetOf('192.168.80.0/20', n + 1))
  for (const [n, subnet] of all.entries()) {
    assert.equal(overlaps(subnet, all.slice(n + 1)), false, subnet)
    assert.ok(overlaps(subnet, ['192.168.80.0/20']))
  }
  for (const number of [0, 128, 1.5]) assert.throws(() => stackSubnetOf('192.168.80.0/20', number), /no subnet/)
})
