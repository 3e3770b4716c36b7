import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { openLog } from '../shared/log.ts'
import { fresh, type Preview } from '../shared/preview.ts'
import { openRegistry } from '../shared/registry.ts'
import { until } from '../testing/until.ts'
import { keepNewest } from './newest.ts'

test('what the registry says of a tag is noted, and asked of no tag that Lotan has not pulled', async () => {
  const digest = (n: number) => `sha256:${String(n).repeat(64)}`
  const asked = new Set<string>()
  const server = http.createServer((req, res) => {
    asked.add(`${req.method} ${req.url}`)
    res.setHeader('Docker-Content-Digest', req.url!.endsWith('/same') ? digest(1) : digest(2))
    res.setHeader('Content-Type', 'application/vnd.docker.distribution.manifest.v2+json')
    res.end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const image = { id: 'a', digest: digest(1), bytes: 1, created: null, labels: {}, ports: [] }
  const named = (tag: string, pulled: boolean): Preview => ({
    ...fresh,
    tag,
    since: 0,
    image: { ...image, pulled },
    state: 'stopped',
    generation: null,
    why: 'idle',
  })
  const noted = new Map<string, string | null>()
  const refreshed = new Set<string>()
  const ending = new AbortController()
  const kept = keepNewest(
    {
      registry: openRegistry({
        repository: `127.0.0.1:${(server.address() as AddressInfo).port}/app`,
        dockerConfig: '/nowhere',
        awsRegion: null,
      }),
      store: {
        list: () => [named('theirs', false), named('same', true), named('newer', true)],
        digest: (tag, digest) => void noted.set(tag, digest),
      },
      nudges: { refresh: (tag) => Promise.resolve(void refreshed.add(tag)) },
      log: openLog('test', 'silent'),
    },
    50,
    ending.signal,
  )
  try {
    await until('the newer one is asked for', () => refreshed.has('newer'))
    assert.deepEqual([...noted], [['same', digest(1)], ['newer', digest(2)]]) // prettier-ignore
    assert.deepEqual([...refreshed], ['newer'])
    assert.deepEqual([...asked].sort(), ['HEAD /v2/app/manifests/newer', 'HEAD /v2/app/manifests/same'])
  } finally {
    ending.abort()
    await kept
    server.closeAllConnections()
    server.close()
  }
})
