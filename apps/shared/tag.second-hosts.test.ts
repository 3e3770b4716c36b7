import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { copyOf, idOf, splitId, type PreviewId } from './preview/preview-id.ts'
import { hostOf, isTag, labelOf, readHost, type Naming, type Subject } from './tag.ts'

const domain = 'previews.example.com'
const named = (...names: string[]) => names.map((name) => ({ name }))
const nested: Naming = { domain, transliterate: true, hostForm: 'nested', repositories: named('', 'api', 'web') }
const flat: Naming = { ...nested, hostForm: 'flat' }
const dotted: Naming = { ...flat, transliterate: false }

const hashed = (slug: string, below = '') => new RegExp(`^${slug}-[0-9a-z]{8}${below}$`)

test('a service has its name behind the tag, and what does not come back lives at a hash', () => {
  const table: [id: PreviewId, service: string | null, nested: string | RegExp, flat: string | RegExp][] = [
    ['pr-7', 'mail', 'pr-7--to-mail', 'pr-7--to-mail'],
    ['api/pr-7', 'mail', 'pr-7--to-mail.api', 'pr-7--to-mail--in-api'],
    ['1.9.5', 'mail', '1_9_5--to-mail', '1_9_5--to-mail'],
    ['1', 'a1', '1--to-a1', '1--to-a1'],
    ['pr-7~anna', null, 'pr-7--as-anna', 'pr-7--as-anna'],
    ['pr-7~bug-12', null, 'pr-7--as-bug-12', 'pr-7--as-bug-12'],
    ['api/1.9.5~anna', null, '1_9_5--as-anna.api', '1_9_5--as-anna--in-api'],
    ['pr-7~anna', 'mail', 'pr-7--as-anna--to-mail', 'pr-7--as-anna--to-mail'],
    ['web/pr-7~bug-12', 'mail', 'pr-7--as-bug-12--to-mail.web', 'pr-7--as-bug-12--to-mail--in-web'],
    ['Main', 'mail', hashed('main-to-mail'), hashed('main-to-mail')],
    ['api/Main', 'mail', hashed('main-to-mail', '\\.api'), hashed('main-to-mail')],
    ['Main~anna', 'mail', hashed('main-as-anna-to-mail'), hashed('main-as-anna-to-mail')],
    ['1_9_5', 'mail', hashed('1-9-5-to-mail'), hashed('1-9-5-to-mail')],
    ['x--to-db', 'mail', hashed('x-to-db-to-mail'), hashed('x-to-db-to-mail')],
    ['x--as-anna', 'mail', hashed('x-as-anna-to-mail'), hashed('x-as-anna-to-mail')],
    ['a'.repeat(53), 'mail2', `${'a'.repeat(53)}--to-mail2`, `${'a'.repeat(53)}--to-mail2`],
    ['a'.repeat(54), 'mail2', hashed('a{54}'), hashed('a{54}')],
    [`api/${'a'.repeat(50)}`, 'mail', `${'a'.repeat(50)}--to-mail.api`, hashed(`${'a'.repeat(50)}-to`)],
  ]
  for (const [id, service, ...expected] of table)
    for (const [i, naming] of [nested, flat].entries()) {
      const label = labelOf(id, naming, service)
      const wanted = expected[i]!
      if (typeof wanted === 'string') assert.equal(label, wanted, id)
      else assert.match(label, wanted, id)
      assert.equal(hostOf(id, naming, service), `${label}.${domain}`)
    }
})

test('a host is read from the right: repository, service, copy, tag', () => {
  const table: [label: string, naming: Naming, id: PreviewId | null, service: string | null][] = [
    ['pr-7--to-mail', nested, 'pr-7', 'mail'],
    ['PR-7--TO-Mail', nested, 'pr-7', 'mail'],
    ['pr-7--to-mail.api', nested, 'api/pr-7', 'mail'],
    ['pr-7--to-mail--in-api', flat, 'api/pr-7', 'mail'],
    ['1_9_5--to-mail', nested, '1.9.5', 'mail'],
    ['1.9.5--to-mail', dotted, '1.9.5', 'mail'],
    ['1.9.5--as-anna--to-mail--in-web', dotted, 'web/1.9.5~anna', 'mail'],
    ['pr-7--as-anna', nested, 'pr-7~anna', null],
    ['pr-7--as-bug-12.web', nested, 'web/pr-7~bug-12', null],
    ['pr-7--as-anna--to-mail--in-web', flat, 'web/pr-7~anna', 'mail'],
    ['x--to-in', nested, 'x', 'in'],
    ['x--to-mail--as-anna', nested, null, null],
    ['x--in-web--to-mail', flat, null, null],
    ['x--to-a--to-b', nested, null, null],
    ['x--as-a--as-b', nested, null, null],
    ['x--at-1--to-mail', nested, null, null],
    ['x--to-my-mail', nested, null, null],
    ['x--to-1', nested, null, null],
    ['x--to-', nested, null, null],
    ['--to-mail', nested, null, null],
    ['--as-anna', nested, null, null],
    ['x--as--anna', nested, null, null],
    ['x.y--to-mail', nested, null, null],
    ['pr-7--to-mail.docs', nested, null, null],
    [`x--to-${'m'.repeat(21)}`, nested, null, null],
  ]
  for (const [label, naming, id, service] of table)
    assert.deepEqual(readHost(`${label}.${domain}`, naming), { label: label.toLowerCase(), id, service })
})

test('the hash tells a service from its preview, from its neighbour, and from a tag that is written like it', () => {
  const labels = [
    labelOf('Main', flat),
    labelOf('Main', flat, 'a'),
    labelOf('Main', flat, 'b'),
    labelOf('api/Main', flat, 'a'),
    labelOf('Main--to-a', flat),
    labelOf('Main~a', flat),
    labelOf('Main--as-a', flat),
  ]
  assert.equal(new Set(labels).size, labels.length)
  assert.equal(labelOf('api/Main', nested, 'a'), `${labelOf('api/Main', flat, 'a')}.api`)
})

const names = ['api', 'in', 'a', 'to9', 'as', 'mail', 'frontend', 'a1b2c3d4', 'n'.repeat(20)]
const forms = fc.constantFrom(nested, flat, dotted)
const domains = fc.constantFrom(domain, `${'d'.repeat(63)}.${'e'.repeat(63)}.${'f'.repeat(57)}.com`)
const namings = fc
  .tuple(forms, domains, fc.subarray(names, { maxLength: 5 }))
  .map(([form, domain, names]) => ({ ...form, domain, repositories: named('', ...names) }))
const tags = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'01_.-aA'), minLength: 1, maxLength: 8 }),
  fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/),
  fc.stringMatching(/^[a-z]{1,8}-[0-9a-z]{8}$/),
  fc.stringMatching(/^[a-z]{30,70}$/),
  fc
    .array(fc.constantFrom('x', '1', '-', '--in-', '--to-', '--as-', '--at-', 'to-', '.', '_', ...names), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.join('')), // prettier-ignore
).filter((text): boolean => isTag(text)) // prettier-ignore
const copies = fc.oneof(fc.constant(null), fc.constantFrom('anna', 'bug-12', 'to', 'in-api', 'as-a', '1'))
const services = fc.oneof(fc.constant(null), fc.constantFrom(...names))

/** Applications and services, copies and originals, among them the worst neighbours: tags named as others' hosts are. */
const lists = namings.chain((naming) => {
  const repository = fc.constantFrom(...naming.repositories.map(({ name }) => name))
  const subject = fc
    .record({ repository, tag: tags, copy: copies, service: services })
    .map(({ copy, service, repository, tag }): Subject => ({
      id: idOf({ repository, tag: copy === null ? tag : copyOf(tag, copy) }),
      service,
    }))
  return fc.array(subject, { minLength: 1, maxLength: 12 }).map((some) => {
    const near = some
      .map(({ id, service }) => labelOf(id, naming, service))
      .filter(isTag)
      .flatMap((tag) => [null, 'mail'].map((service): Subject => ({ id: idOf({ repository: '', tag }), service })))
    const whole = some.map(({ id }): Subject => ({ id, service: null }))
    const all = [...some, ...near, ...whole]
    return { naming, all: [...new Map(all.map((one) => [JSON.stringify(one), one])).values()] }
  })
})

test('no two applications or services share a host, and each is reached by its own', () => {
  fc.assert(
    fc.property(lists, ({ naming, all }) => {
      const known = new Map(all.map((one) => [labelOf(one.id, naming, one.service), one]))
      assert.equal(known.size, all.length)
      for (const one of all) {
        const { label, id, service } = readHost(hostOf(one.id, naming, one.service), naming)!
        assert.deepEqual(known.get(label), one)
        // What lives at no hash is found by those too who do not know it.
        if (!/-[0-9a-z]{8}(\.|$)/.test(label)) assert.deepEqual({ id, service }, one)
      }
    }),
    { numRuns: 400 },
  )
})

test('all their hosts are names that DNS, browsers and the certificate of their form take', () => {
  fc.assert(
    fc.property(lists, ({ naming, all }) => {
      for (const { id, service } of all) {
        const host = hostOf(id, naming, service)
        assert.ok(host.length <= 253, `${host.length}: ${host}`)
        const labels = labelOf(id, naming, service).split('.')
        for (const label of labels) assert.match(label, /^(?!xn--)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/)
        const isNested = naming.hostForm === 'nested' && splitId(id).repository !== ''
        if (naming.transliterate) assert.equal(labels.length, isNested ? 2 : 1)
        assert.equal(new URL(`http://${host}/`).hostname, host)
      }
    }),
    { numRuns: 200 },
  )
})

test('whatever host is asked for, it stands for a service of a preview, or for none', () => {
  const label = fc.array(fc.oneof(tags, fc.constantFrom('.', '--to-', '--as-', '--in-', ...names)), { maxLength: 5 })
  fc.assert(
    fc.property(namings, label, (naming, parts) => {
      const read = readHost(`${parts.join('')}.${naming.domain}`, naming)
      if (!read) return
      if (read.id === null) return assert.equal(read.service, null)
      if (read.service !== null) assert.match(read.service, /^[a-z][a-z0-9]{0,19}$/)
      const { repository, tag } = splitId(read.id)
      assert.match(tag, /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(~[a-z0-9-]+)?$/)
      assert.ok(naming.repositories.some(({ name }) => name === repository))
    }),
    { numRuns: 400 },
  )
})
