import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyText } from '../../testing/arbitraries/texts.ts'
import { isOurHost, isOwnOrigin } from '../../shared/own-origin.ts'
import { asPath, backTo, isOwn, localPath } from './same-origin.ts'

const http = { domain: 'previews.example.com', publicUrl: { protocol: 'http:' as const, port: 8080 } }
const https = { domain: 'previews.example.com', publicUrl: { protocol: 'https:' as const, port: null } }

test('which requests were made by Lotan’s own pages', () => {
  const host = 'previews.example.com:8080'
  const cases: [headers: Record<string, string>, own: boolean][] = [
    [{ host }, false],
    [{ host, 'sec-fetch-site': 'same-origin' }, true],
    [{ host, 'sec-fetch-site': 'same-site' }, false],
    [{ host, 'sec-fetch-site': 'cross-site' }, false],
    [{ host, 'sec-fetch-site': 'none' }, false],
    [{ host, origin: 'http://previews.example.com:8080' }, true],
    [{ host, origin: 'HTTP://PREVIEWS.example.com:8080' }, true],
    [{ host, origin: 'null' }, false],
    [{ host, origin: '' }, false],
    [{ host, origin: 'http://red.previews.example.com:8080' }, false],
    [{ host, origin: 'http://previews.example.com:8080.evil.example' }, false],
    [{ host, origin: 'http://previews.example.com:9090' }, false],
    [{ host, origin: 'https://previews.example.com:8080' }, false],
    [{ host, origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' }, false],
    // Another way in: a tunnel, or -p 9090:80.
    [{ host: 'previews.example.com:9090', origin: 'http://previews.example.com:9090' }, true],
    [{ host: 'previews.example.com', origin: 'http://previews.example.com' }, true],
    // A Host that is not ours proves nothing, though it agrees with the Origin.
    [{ host: 'evil.example', origin: 'http://evil.example' }, false],
    [{ host: 'red.previews.example.com:8080', origin: 'http://red.previews.example.com:8080' }, false],
    [{ host: 'x@previews.example.com', origin: 'http://previews.example.com' }, false],
  ]
  for (const [headers, own] of cases) assert.equal(isOwn(headers, 'http', http), own, JSON.stringify(headers))
})

test('behind TLS the public address counts, whatever the Host header calls it', () => {
  const origin = 'https://previews.example.com'
  for (const host of ['previews.example.com', 'previews.example.com:443', 'nginx:8080'])
    assert.ok(isOwnOrigin({ host, origin }, 'https', https), host)
  assert.ok(!isOwnOrigin({ host: 'previews.example.com', origin: 'http://previews.example.com' }, 'https', https))
})

test('which Host headers name the admin’s host', () => {
  for (const host of [
    'previews.example.com',
    'PREVIEWS.Example.com:8080',
    'previews.example.com.',
    'previews.example.com:',
  ])
    assert.ok(isOurHost(host, http), host)
  for (const host of [undefined, '', 'localhost', 'red.previews.example.com', 'previews.example.com:80:80', '[::1]'])
    assert.ok(!isOurHost(host, http), String(host))
})

test('a redirect never leaves the host', () => {
  const host = 'previews.example.com:8080'
  const cases: [referer: string | undefined, path: string][] = [
    [`http://${host}/previews/red?log=x`, '/previews/red?log=x'],
    [`http://${host}/?q=a%20b`, '/?q=a%20b'],
    [undefined, '/'],
    ['', '/'],
    ['/previews/red', '/'],
    ['http://evil.example/previews/red', '/'],
    [`http://${host}.evil.example/x`, '/'],
    [`http://${host}//evil.example/x`, '/'],
    [`http://${host}/\\evil.example/x`, '/'],
    [`http://${host}/%0d%0aSet-Cookie:x`, '/%0d%0aSet-Cookie:x'],
    ['javascript:alert(1)', '/'],
  ]
  for (const [referer, path] of cases) assert.equal(localPath(referer, host), path, String(referer))
})

test('nothing that a client sends leads to another host, or makes another site’s request one of ours', () => {
  const host = 'previews.example.com:8080'
  const piece = fc.constantFrom('/', '//', '\\', '/\\', '?', '#', '@', ':', '..', '.', '\t', '\n', ' ', 'http:', 'javascript:', 'evil.example', host, 'a', '%2f', 'é') // prettier-ignore
  const address = fc.oneof(
    fc.array(piece, { maxLength: 8 }).map((all) => all.join('')),
    fc.webUrl(),
    anyText,
  )
  const leadsTo = (path: string) => new URL(path, `http://${host}/previews/red`).host
  fc.assert(
    fc.property(address, fc.oneof(fc.constant(host), anyText), (text, other) => {
      for (const referer of [text, `http://${host}/${text}`, `http://${host}${text}`]) {
        assert.equal(leadsTo(localPath(referer, host)), host, referer)
        assert.equal(leadsTo(backTo({ referer, host: 'previews.example.com' })), host, referer)
      }
      assert.equal(leadsTo(asPath(`/${text}`.replace(/[\t\n\r]/g, ''))), host)
      assert.equal(typeof localPath(text, other), 'string')
      const headers = { host, origin: `http://evil.example/${text}`, 'sec-fetch-site': 'cross-site' }
      assert.equal(isOwn(headers, 'http', http), false)
      assert.equal(isOwn({ host: other, origin: text }, 'http', http) && !/previews\.example\.com/i.test(text), false)
    }),
    { numRuns: 500 },
  )
})
