import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLoopback, readForwards } from './asked.ts'

test('a port is at the same one here, on loopback, unless --bind says otherwise', () => {
  const table: [targets: string[], binds: string[], shown: string[] | RegExp][] = [
    [['db:5432', '8080'], [], ['db:5432 127.0.0.1 5432', '8080 127.0.0.1 8080']],
    [['db:5432'], ['15432'], ['db:5432 127.0.0.1 15432']],
    [['db:5432'], [':0'], ['db:5432 127.0.0.1 0']],
    [['db:5432', 'cache:6379'], ['127.0.0.1:0', '[::1]:7000'], ['db:5432 127.0.0.1 0', 'cache:6379 ::1 7000']],
    [['db:5432', 'cache:6379'], ['0.0.0.0'], ['db:5432 0.0.0.0 5432', 'cache:6379 0.0.0.0 6379']],
    [['db:5432', 'cache:6379'], ['0.0.0.0:1'], ['db:5432 0.0.0.0 1', 'cache:6379 0.0.0.0 6379']],
    [['db:0'], [], /'db:0' is no PORT/],
    [['db'], [], /'db' is no PORT/],
    [['5432:db'], [], /no PORT/],
    [['a b:1'], [], /no PORT/],
    [['65536'], [], /no PORT/],
    [['1'], ['65536'], /'65536' is none/],
    [['1'], ['a:b'], /'a:b' is none/],
    [['1'], ['1', '2'], /once for each port/],
  ]
  for (const [targets, binds, shown] of table) {
    const read = readForwards(targets, binds)
    if ('why' in read) assert.match(read.why, shown as RegExp)
    else assert.deepEqual(read.map(({ to, host, port }) => `${to} ${host} ${port}`), shown)
  }
}) // prettier-ignore

test('loopback is no more than this machine', () => {
  const hosts = ['127.0.0.1', '127.9.9.9', '::1', 'localhost', '0.0.0.0', '::', '192.168.1.7', '127.0.0.1.example.com']
  assert.deepEqual(hosts.map(isLoopback), [true, true, true, true, false, false, false, false])
})
