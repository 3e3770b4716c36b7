/** Files of previews, as far as the router has a part in it: the shell part behind it is a server of the test. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { http } from '../../shared/http.ts'
import { until } from '../../testing/harness/until.ts'
import { openBed } from '../admin/harness.ts'

const bed = await openBed({ REPOSITORY: 'registry.example.com/app', LOTAN_SHELL: 'on', TAG_FILTER: '^pr%-' })
after(() => bed.close())
const ask = (method: string, uri: string, body?: string) => bed.api(uri, { method, body })
const socket = path.join(bed.config.runDir, 'shell.sock')

let says: RequestListener
const part = http.createServer((req, res) => says(req, res)).listen(socket)
await once(part, 'listening')
after(() => part.close())

test('a body goes to the shell part, who asks is told there, and the answer comes back', async () => {
  const seen: unknown[] = []
  says = (req, res) => {
    void buffer(req).then((body) => {
      const { 'lotan-who': who, 'lotan-address': address, 'lotan-request': request } = req.headers
      seen.push([req.method, req.url, who, address, request !== undefined, body.length])
      if (req.method === 'PUT') res.writeHead(204).end()
      else res.writeHead(200, { 'Content-Type': 'application/x-tar' }).end('a tar')
    })
  }
  const at = '/previews/pr-1/files?path=/a%20b%26c'
  assert.equal((await ask('PUT', at, 'x'.repeat(200_000))).status, 204)
  const got = await ask('GET', `${at}&service=db`)
  assert.deepEqual([got.status, got.text, got.headers['content-type']], [200, 'a tar', 'application/x-tar'])
  assert.equal((await bed.api(at, { method: 'HEAD' })).status, 200)
  assert.deepEqual(seen, [
    ['PUT', '/files?preview=pr-1&path=%2Fa+b%26c', 'admin', '192.0.2.1', true, 200_000],
    ['GET', '/files?preview=pr-1&path=%2Fa+b%26c&service=db', 'admin', '192.0.2.1', true, 0],
    ['GET', '/files?preview=pr-1&path=%2Fa+b%26c', 'admin', '192.0.2.1', true, 0],
  ])
})

test('an answer that comes before the end of the upload is passed on, and one that breaks off breaks off', async () => {
  let isCut = false
  says = (req, res) => {
    if (req.method === 'PUT') {
      res.writeHead(400, { 'Content-Type': 'application/problem+json' }).end('{"status":400}')
      req.resume()
    } else {
      res.writeHead(200, { 'Content-Type': 'application/x-tar' }).write('half')
      res.once('close', () => (isCut = true))
      if (req.url!.includes('broken')) setImmediate(() => res.destroy())
    }
  }
  const early = await bed.api('/previews/pr-1/files?path=/', { method: 'PUT', body: 'x'.repeat(5_000_000) })
  assert.deepEqual([early.status, early.text], [400, '{"status":400}'])
  await assert.rejects(bed.api('/previews/pr-1/files?path=/broken'), /aborted/)
  isCut = false
  const leaving = new AbortController()
  const answer = bed.api('/previews/pr-1/files?path=/whole', { signal: leaving.signal })
  setTimeout(() => leaving.abort(), 50)
  await assert.rejects(answer)
  await until('the shell part knows', () => isCut)
})

test('is refused where the shell part is down, for a tag that is not offered, and for a path that is none', async () => {
  part.close()
  const down = await ask('GET', '/previews/pr-1/files?path=/')
  assert.deepEqual([down.status, down.headers['retry-after']], [503, '2'])
  assert.match(down.json.type, /\/restarting$/)
  assert.equal((await ask('PUT', '/previews/pr-1/files?path=/', 'x'.repeat(1_000_000))).status, 503)
  assert.equal((await ask('GET', '/previews/other/files?path=/')).status, 403)
  assert.match((await ask('GET', '/previews/pr-1/files?path=a')).json.detail, /^path is an absolute path/)
  assert.match((await ask('GET', '/previews/pr-1/files')).json.detail, /^path is missing/)
})

test('is refused where the way in is off', async () => {
  const off = await openBed({ REPOSITORY: 'registry.example.com/app' })
  try {
    const { status, json } = await off.api('/previews/pr-1/files?path=/')
    assert.deepEqual([status, json.type.split('/').at(-1)], [404, 'shell-off'])
  } finally {
    await off.close()
  }
})
