import assert from 'node:assert/strict'
import { test } from 'node:test'
import { repositoriesAt } from '../../testing/harness/repositories.ts'
import { brokenWords, endWords } from '../../../views/shell/words.js'
import { copyTag } from '../../shared/preview/copy-tag.ts'
import type { Brand } from './brand.ts'
import { shellPage, type ShellFacts } from './shell-page.ts'

const evil = `"><script>alert('x')</script><img src=x onerror=alert(1)>&amp;`
const brand: Brand = { name: null, application: 'Lists', logo: null, logoData: null }
const ssh = { listen: { host: '0.0.0.0', port: 2222 }, keys: '/keys' }

const facts: ShellFacts = {
  config: {
    domain: 'previews.example.com',
    publicUrl: { protocol: 'https:', port: null },
    repositories: repositoriesAt('registry.example.com/app'),
    shell: { ssh, idle: 900_000 },
  },
  id: `api/${copyTag('pr-7', 'anna')}`,
  part: { service: null, name: 'api/pr-7--as-anna', container: null },
  services: [],
  origin: 'https://previews.example.com',
}
const pageOf = (given: Partial<ShellFacts> = {}) => shellPage({ ...facts, ...given }, brand)

test('the page of a shell runs its own scripts alone, and speaks with its own addresses alone', () => {
  const { html, csp } = pageOf({ origin: 'http://previews.example.com:8080' })
  const nonce = /<script nonce="([^"]+)" src="\/terminal\.js"/.exec(html)![1]!
  assert.deepEqual(csp.split('; '), [
    "default-src 'none'",
    `style-src 'self' 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}'`,
    "img-src 'self' data:",
    'connect-src ' +
      [
        'http://previews.example.com:8080/api/v1/repositories/api/previews/pr-7--as-anna/tickets',
        'ws://previews.example.com:8080/repositories/api/previews/pr-7--as-anna/exec',
        'https://previews.example.com/api/v1/repositories/api/previews/pr-7--as-anna/tickets',
        'wss://previews.example.com/repositories/api/previews/pr-7--as-anna/exec',
      ].join(' '),
    "form-action 'self'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ])
  assert.ok(!/\sstyle=|\son\w+="|<style/.test(html), 'the policy would refuse it')
  for (const [tag] of html.matchAll(/<script[^>]*>/g)) assert.ok(tag.includes(`nonce="${nonce}"`), tag)
  assert.notEqual(csp, pageOf().csp)
})

test('other people’s words stay words', () => {
  const { html } = pageOf({ part: { service: evil, name: evil, container: null }, services: [{ name: evil }] })
  assert.ok(!html.includes('<img'), 'markup came through')
  assert.ok(!/<script(?! nonce=")/.test(html), 'a script came through')
  assert.ok(!/undefined|\[object |\bNaN\b/.test(html), 'something odd is on the page')
})

test('it says how a terminal of one’s own gets there, and by SSH only where that is on', () => {
  const commands = (given: Partial<ShellFacts>) =>
    [.../<noscript>.*<\/noscript>/s.exec(pageOf(given).html)![0].matchAll(/<code>(.*)<\/code>/g)].map(([, one]) => one)
  const config = (shell: ShellFacts['config']['shell']) => ({ config: { ...facts.config, shell } })
  assert.deepEqual(commands({}), [
    'lotan shell api/pr-7--as-anna',
    'ssh -p 2222 api/pr-7--as-anna@previews.example.com',
  ])
  assert.deepEqual(commands({ part: { service: 'db', name: 'db of api/pr-7--as-anna', container: null } }), [
    'lotan shell api/pr-7--as-anna+db',
    'ssh -p 2222 api/pr-7--as-anna+db@previews.example.com',
  ])
  assert.deepEqual(commands(config({ ssh: null, idle: 1 })), ['lotan shell api/pr-7--as-anna'])
  const usual = { ...ssh, listen: { ...ssh.listen, port: 22 } }
  assert.equal(commands(config({ ssh: usual, idle: 1 }))[1], 'ssh api/pr-7--as-anna@previews.example.com')
})

test('the script’s words say how a session ended, and what it does about a connection that broke', () => {
  const known = { idle: '15 min', preview: 'pr-7' }
  assert.deepEqual(
    [
      endWords({ why: 'exited', code: 0 }, known),
      endWords({ why: 'exited', code: 137 }, known),
      endWords({ why: 'idle' }, known),
      endWords({ why: 'stopped' }, known),
      endWords({ why: 'closed' }, known),
      endWords({ why: 'lotan-ended' }, known),
      endWords({ why: 'failed', detail: 'The engine is away.' }, known),
      brokenWords({ again: 0, left: 30 }),
      brokenWords({ again: 2, left: null }),
    ],
    [
      'The shell has ended.',
      'The shell has ended, with exit code 137.',
      'Nothing was typed or written for 15 min, so the session was ended.',
      'pr-7 was stopped, or its container ended, and the shell with it.',
      'The session was closed.',
      'Lotan itself was stopped or restarted, and the shell with it.',
      'The session failed: The engine is away.',
      'The connection is lost. Trying again now. The shell goes on, and is kept for 30 s.',
      'Lotan does not answer. Trying again in 2 s.',
    ],
  )
})
