import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hostOf, isTag, labelOf, readHost, type Naming } from './tag.ts'
import { oneRepository } from '../testing/harness/repositories.ts'

const domain = 'previews.example.com'
const folding: Naming = { domain, transliterate: true, ...oneRepository }
const dotted: Naming = { domain, transliterate: false, ...oneRepository }
const both = [folding, dotted]

/** What `SLUG-HASH8` looks like, of this slug. */
const hashed = (slug: string) => new RegExp(`^${slug}-[0-9a-z]{8}$`)
const long = 'a'.repeat(63)

test('a tag lives at its own name, or at a slug with a hash where that would not lead back', () => {
  const table: [tag: string, folding: string | RegExp, dotted: string | RegExp][] = [
    ['red', 'red', 'red'],
    ['pr-3001', 'pr-3001', 'pr-3001'],
    ['feature_login', 'feature_login', 'feature_login'],
    ['_', '_', '_'],
    ['_x_', '_x_', '_x_'],
    ['1.9.5', '1_9_5', '1.9.5'],
    ['v1.9.5-rc.1', hashed('v1-9-5-rc-1'), 'v1.9.5-rc.1'],
    ['v1.9.5-rc1', 'v1_9_5-rc1', 'v1.9.5-rc1'],
    ['1_9_5', hashed('1-9-5'), '1_9_5'],
    ['1._2', hashed('1-2'), '1._2'],
    ['1_a', '1_a', '1_a'],
    ['1__2', '1__2', '1__2'],
    ['1..2', hashed('1-2'), hashed('1-2')],
    ['a.b', hashed('a-b'), 'a.b'],
    ['1.', hashed('1'), hashed('1')],
    ['Main', hashed('main'), hashed('main')],
    ['end-', hashed('end'), hashed('end')],
    ['a.-b', hashed('a-b'), hashed('a-b')],
    ['xn--caf-dma', hashed('xn-caf-dma'), hashed('xn-caf-dma')],
    ['1.xn--caf-dma', hashed('1-xn-caf-dma'), hashed('1-xn-caf-dma')],
    ['main-1a2b3c4d', 'main-1a2b3c4d', 'main-1a2b3c4d'],
    [long, long, long],
    [`${long}a`, hashed('a'.repeat(54)), hashed('a'.repeat(54))],
    [`${'a'.repeat(53)}-${'b'.repeat(20)}`, hashed('a'.repeat(53)), hashed('a'.repeat(53))],
    ['__'.repeat(40), hashed('tag'), hashed('tag')],
  ]
  for (const [tag, ...expected] of table)
    for (const [i, naming] of both.entries()) {
      const label = labelOf(tag, naming)
      const wanted = expected[i]!
      if (typeof wanted === 'string') assert.equal(label, wanted, tag)
      else assert.match(label, wanted, tag)
      assert.equal(hostOf(tag, naming), `${label}.${domain}`)
    }
})

test('a host says which tag it stands for', () => {
  const table: [host: string, label: string | null, folding: string | null, dotted: string | null][] = [
    ['red.previews.example.com', 'red', 'red', 'red'],
    ['RED.Previews.Example.COM', 'red', 'red', 'red'],
    ['red.previews.example.com:8080', 'red', 'red', 'red'],
    ['red.previews.example.com.', 'red', 'red', 'red'],
    ['red.previews.example.com.:80', 'red', 'red', 'red'],
    ['1_9_5.previews.example.com', '1_9_5', '1.9.5', '1_9_5'],
    ['1.9.5.previews.example.com', '1.9.5', null, '1.9.5'],
    ['a_b_1_2.previews.example.com', 'a_b_1_2', 'a_b_1.2', 'a_b_1_2'],
    ['-a.previews.example.com', '-a', null, null],
    ['a-.previews.example.com', 'a-', null, null],
    ['.a.previews.example.com', '.a', null, null],
    ['xn--caf-dma.previews.example.com', 'xn--caf-dma', null, null],
    ['a b.previews.example.com', 'a b', null, null],
    ['café.previews.example.com', 'café', null, null],
    ['\u212aid.previews.example.com', '\u212aid', null, null],
    [`${long}a.previews.example.com`, `${long}a`, null, null],
    ['previews.example.com', null, null, null],
    ['.previews.example.com', null, null, null],
    ['redpreviews.example.com', null, null, null],
    ['red.example.com', null, null, null],
    ['red.previews.example.com.evil.org', null, null, null],
    ['127.0.0.1:8080', null, null, null],
    ['[::1]:8080', null, null, null],
    ['', null, null, null],
  ]
  for (const [host, label, ...tags] of table)
    for (const [i, naming] of both.entries())
      assert.deepEqual(readHost(host, naming), label === null ? null : { label, id: tags[i], service: null }, host)
})

test('a tag that looks like a slug with its hash is moved away from it', () => {
  for (const naming of both) {
    const label = labelOf('Main', naming)
    assert.equal(isTag(label), true)
    assert.match(labelOf(label, naming), hashed(label))
    assert.deepEqual(readHost(`${label}.${domain}`, naming), { label, id: label, service: null })
  }
})

test('no host grows longer than DNS allows', () => {
  const naming = {
    domain: `${'d'.repeat(60)}.${'e'.repeat(60)}.${'f'.repeat(60)}.com`,
    transliterate: false,
    ...oneRepository,
  }
  const tag = Array.from({ length: 40 }, (_, i) => `a${i}`)
    .join('.')
    .slice(0, 128)
    .replace(/\.$/, '')
  assert.match(labelOf(tag, naming), /^[a-z0-9-]{1,54}-[0-9a-z]{8}$/)
  assert.ok(hostOf(tag, naming).length <= 253)
})

const letters = (alphabet: string, most: number) =>
  fc
    .string({ unit: fc.constantFrom(...alphabet), minLength: 1, maxLength: most })
    .filter((text): boolean => isTag(text))
const tags = fc.oneof(
  letters('01_.-aA', 8),
  letters('abcXYZ019_.-', 128),
  fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/),
  fc.stringMatching(/^[a-z]{1,8}-[0-9a-z]{8}$/),
  fc.stringMatching(/^v?\d{1,2}[._]\d{1,2}[._]\d{1,2}$/),
)
const namings = fc.constantFrom(...both)

test('a host leads back to its tag among the known ones, and no two tags share one', () => {
  fc.assert(
    fc.property(fc.uniqueArray(tags, { maxLength: 30 }), namings, (some, naming) => {
      // The worst neighbours: tags named as other tags' hosts are.
      const near = some.flatMap((tag) => [tag, labelOf(tag, naming), labelOf(labelOf(tag, naming), naming)])
      const all: string[] = [...new Set([...near, ...some.map((tag) => tag.toLowerCase())])].filter(isTag)
      const known = new Map(all.map((tag) => [labelOf(tag, naming), tag]))
      assert.equal(known.size, all.length)
      for (const tag of all) {
        const host = readHost(hostOf(tag, naming), naming)
        assert.equal(known.get(host!.label) ?? host!.id, tag)
      }
    }),
    { numRuns: 500 },
  )
})

test('ten thousand tags that begin alike have ten thousand hosts', () => {
  const hosts = Array.from(
    { length: 10_000 },
    (_, i) =>
    labelOf(`dependabot-npm_and_yarn-frontend-packages-typescript-eslint-parser-${(1_000_000 + i * 7_919).toString(16)}`, folding), // prettier-ignore
  )
  assert.equal(new Set(hosts).size, hosts.length)
})

test('a host is made of labels that browsers and DNS take', () => {
  fc.assert(
    fc.property(tags, namings, (tag, naming) => {
      const label = labelOf(tag, naming)
      for (const part of label.split('.')) assert.match(part, /^(?!xn--)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/)
      if (naming.transliterate) assert.ok(!label.includes('.'))
      // What a browser makes of the address.
      assert.equal(new URL(`http://${hostOf(tag, naming)}/`).hostname, hostOf(tag, naming))
    }),
    { numRuns: 500 },
  )
})

test('a tag that a host gives without being known lives at that host', () => {
  fc.assert(
    fc.property(tags, namings, (tag, naming) => {
      const host = readHost(`${tag}.${domain}`, naming)
      if (host?.id) assert.ok(labelOf(host.id, naming) === host.label || /-[0-9a-z]{8}$/.test(host.label))
    }),
  )
})

test('any text may stand in a Host header', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.webAuthority(), tags)
  fc.assert(
    fc.property(
      text,
      fc.constantFrom('', '.', `.${domain}`, `.${domain}.`, `.${domain}:80`),
      namings,
      (a, b, naming) => {
        const host = readHost(a + b, naming)
        if (host?.id != null) assert.ok(isTag(host.id))
        // Case never counts, and what was read once reads the same again.
        assert.deepEqual(
          readHost(
            (a + b).replace(/[a-z]/g, (c) => c.toUpperCase()),
            naming,
          ),
          host,
        )
        if (host) assert.deepEqual(readHost(`${host.label}.${domain}`, naming), host)
        assert.equal(typeof labelOf(a, naming), 'string')
      },
    ),
    { numRuns: 200 },
  )
  assert.equal(readHost(`${'a.'.repeat(100_000)}${domain}`, folding)?.id, null)
  assert.equal(readHost('-'.repeat(200_000), folding), null)
  assert.equal(readHost(`${'1_'.repeat(100_000)}.${domain}`, folding)?.id, null)
  assert.equal(readHost(':'.repeat(200_000), folding), null)
})
