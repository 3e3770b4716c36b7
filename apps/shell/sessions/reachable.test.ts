import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reachable } from './reachable.ts'

const facts = {
  application: [
    'web',
    'api/pr-7--as-anna',
    'pr-7--as-anna',
    'pr-7--as-anna.api.previews.example.com',
    'pr-7--as-anna.api',
  ],
  services: ['db', 'mail'],
}
const app = ['127.0.0.1', '::1']

test('what may be dialled is the application, by any of its names, and the services of its stack', () => {
  for (const [host, hosts] of [
    ['localhost', app],
    ['LocalHost', app],
    ['web', app],
    ['pr-7--as-anna', app],
    ['api/pr-7--as-anna', app],
    ['pr-7--as-anna.api', app],
    ['PR-7--as-anna.api.previews.example.com', app],
    ['127.0.0.1', ['127.0.0.1']],
    ['::1', ['::1']],
    ['db', ['db']],
    ['Mail', ['mail']],
  ] as const)
    assert.deepEqual(reachable({ host, port: 5432 }, facts), { hosts, port: 5432 }, host)
})

test('all else is refused with what can be reached', () => {
  const names = [
    'pr-8',
    'db.example.com',
    '127.0.0.2',
    '0.0.0.0',
    '10.0.0.1',
    '::ffff:127.0.0.1',
    '169.254.169.254',
    'host.docker.internal',
    '-e',
    '',
    'db\n',
    'db ',
    'app',
  ]
  for (const host of names) {
    const reach = reachable({ host, port: 80 }, facts)
    assert.match(
      'refused' in reach ? reach.refused : '',
      /cannot be reached from here\. What can be reached of this preview is the application \(localhost\) and its services db, mail\.$/,
      host,
    )
  }
  assert.deepEqual(reachable({ host: 'db', port: 80 }, { application: ['app'], services: [] }), {
    refused:
      'db cannot be reached from here. What can be reached of this preview is the application (localhost): it has no services.',
  })
})

test('a port is a whole number up to 65535', () => {
  for (const port of [0, -1, 65_536, 1.5, NaN, Infinity])
    assert.deepEqual(
      reachable({ host: 'db', port }, facts),
      { refused: 'A port is a whole number from 1 to 65535.' },
      String(port),
    )
  for (const port of [1, 65_535]) assert.ok('hosts' in reachable({ host: 'db', port }, facts))
})
