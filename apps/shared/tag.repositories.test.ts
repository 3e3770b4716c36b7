import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { idOf, splitCopy, splitId, type PreviewId } from './preview/preview-id.ts'
import { hostOf, isTag, labelOf, readHost, type Naming } from './tag.ts'

const domain = 'previews.example.com'
const named = (...names: string[]) => names.map((name) => ({ name }))
const nested: Naming = { domain, transliterate: true, hostForm: 'nested', repositories: named('', 'api', 'web') }
const flat: Naming = { ...nested, hostForm: 'flat' }

const hashed = (slug: string, below = '') => new RegExp(`^${slug}-[0-9a-z]{8}${below}$`)
const a56 = 'a'.repeat(56)

test('a preview of a named repository has its name in its host or below it, and lives at a hash where that would not lead back', () => {
  const table: [id: PreviewId, nested: string | RegExp, flat: string | RegExp][] = [
    ['pr-7', 'pr-7', 'pr-7'],
    ['api/pr-7', 'pr-7.api', 'pr-7--in-api'],
    ['web/pr-7', 'pr-7.web', 'pr-7--in-web'],
    ['api/1.9.5', '1_9_5.api', '1_9_5--in-api'],
    ['api/1_', '1_.api', '1_--in-api'],
    ['api/Main', hashed('main', '\\.api'), hashed('main')],
    ['api', 'api', 'api'],
    ['web/api', 'api.web', 'api--in-web'],
    ['a.api', hashed('a-api'), hashed('a-api')],
    ['x--in', 'x--in', 'x--in'],
    ['api/x--in', 'x--in.api', 'x--in--in-api'],
    ['x--inapi', 'x--inapi', 'x--inapi'],
    ['x-in-api', 'x-in-api', 'x-in-api'],
    ['x--in-api', hashed('x-in-api'), hashed('x-in-api')],
    ['x--in-docs', hashed('x-in-docs'), hashed('x-in-docs')],
    ['x--to-db', hashed('x-to-db'), hashed('x-to-db')],
    ['x--as-anna', hashed('x-as-anna'), hashed('x-as-anna')],
    ['x--at-1', hashed('x-at-1'), hashed('x-at-1')],
    ['api/x--in-web', hashed('x-in-web', '\\.api'), hashed('x-in-web')],
    ['api/x--to-db', hashed('x-to-db', '\\.api'), hashed('x-to-db')],
    ['api/x-', hashed('x', '\\.api'), 'x---in-api'],
    ['api/xn', 'xn.api', hashed('xn')],
    [`api/${a56.slice(1)}`, `${a56.slice(1)}.api`, `${a56.slice(1)}--in-api`],
    [`api/${a56}`, `${a56}.api`, hashed('a{54}')],
  ]
  for (const [id, ...expected] of table)
    for (const [i, naming] of [nested, flat].entries()) {
      const label = labelOf(id, naming)
      const wanted = expected[i]!
      if (typeof wanted === 'string') assert.equal(label, wanted, id)
      else assert.match(label, wanted, id)
      assert.equal(hostOf(id, naming), `${label}.${domain}`)
    }
})

test('a host says which preview of which repository it stands for, and nothing of one that is not listed', () => {
  const table: [label: string, nested: PreviewId | null, flat: PreviewId | null][] = [
    ['pr-7', 'pr-7', 'pr-7'],
    ['pr-7.api', 'api/pr-7', null],
    ['pr-7--in-api', null, 'api/pr-7'],
    ['PR-7.Api', 'api/pr-7', null],
    ['PR-7--IN-Api', null, 'api/pr-7'],
    ['1_9_5.web', 'web/1.9.5', null],
    ['1_9_5--in-web', null, 'web/1.9.5'],
    ['api', 'api', 'api'],
    ['.api', null, null],
    ['--in-api', null, null],
    ['in-api', 'in-api', 'in-api'],
    ['x--in--in-api', null, 'api/x--in'],
    ['x--in-web--in-api', null, null],
    ['x--in-web.api', null, null],
    ['x.web.api', null, null],
    ['pr-7.docs', null, null],
    ['pr-7--in-docs', null, null],
    ['pr-7.xapi', null, null],
    ['pr-7--in-xapi', null, null],
  ]
  for (const [label, ...ids] of table)
    for (const [i, naming] of [nested, flat].entries()) {
      const host = readHost(`${label}.${domain}`, naming)
      assert.deepEqual(host, { label: label.toLowerCase(), id: ids[i], service: null })
    }
})

test('where no repository is without a name, hosts of the domain itself stand for nothing', () => {
  for (const naming of [nested, flat]) {
    const all = { ...naming, repositories: named('api') }
    assert.deepEqual(readHost(`pr-7.${domain}`, all), { label: 'pr-7', id: null, service: null })
    assert.deepEqual(readHost(`api.${domain}`, all), { label: 'api', id: null, service: null })
    assert.equal(readHost(hostOf('api/pr-7', all), all)?.id, 'api/pr-7')
  }
})

test('the hash tells repositories apart, and stays where the form of hosts changes', () => {
  const [of, ofApi, ofWeb] = ['Main', 'api/Main', 'web/Main'].map((id) => labelOf(id, flat))
  assert.equal(new Set([of, ofApi, ofWeb]).size, 3)
  assert.equal(labelOf('api/Main', nested), `${ofApi}.api`)
})

const names = ['api', 'in', 'a', 'xn', 'to9', 'frontend', 'a1b2c3d4', 'main', 'localhost', 'pr7', 'n'.repeat(20)]
const some = fc.subarray(names, { maxLength: 6 })
const forms = fc.constantFrom(
  { hostForm: 'nested', transliterate: true } as const,
  { hostForm: 'flat', transliterate: true } as const,
  { hostForm: 'flat', transliterate: false } as const,
)
/** The longest that TL_DOMAIN may be, too. */
const domains = fc.constantFrom(domain, `${'d'.repeat(63)}.${'e'.repeat(63)}.${'f'.repeat(57)}.com`)
const namings = fc.tuple(forms, domains, some, fc.boolean()).map(([form, domain, names, hasNameless]) => ({
  ...form,
  domain,
  repositories: named(...(hasNameless || names.length === 0 ? [''] : []), ...names),
}))

const tags = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'01_.-aA'), minLength: 1, maxLength: 8 }),
  fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/),
  fc.stringMatching(/^[a-z]{1,8}-[0-9a-z]{8}$/),
  fc.stringMatching(/^[a-z]{40,70}$/),
  fc
    .array(fc.constantFrom('x', '1', '-', '--in-', '--to-', '--as-', '--at-', '--in', 'in-', '.', '_', ...names), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.join('')), // prettier-ignore
).filter((text): boolean => isTag(text)) // prettier-ignore

/** Previews of several repositories, among them the worst neighbours: tags named as others' hosts are. */
const lists = namings.chain((naming) => {
  const repository = fc.constantFrom(...naming.repositories.map(({ name }) => name))
  const ids = fc.array(fc.record({ repository, tag: tags }).map(idOf), { minLength: 1, maxLength: 12 })
  return ids.map((ids) => {
    const near = ids.flatMap((id) => [splitId(id).tag, splitId(id).tag.toLowerCase(), labelOf(id, naming)])
    const all = near.filter(isTag).flatMap((tag) => naming.repositories.map(({ name }) => idOf({ repository: name, tag })))
    return { naming, ids: [...new Set([...ids, ...all])] }
  })
}) // prettier-ignore

test('no two previews of any repositories share a host, and each is reached by its own', () => {
  fc.assert(
    fc.property(lists, ({ naming, ids }) => {
      const known = new Map(ids.map((id) => [labelOf(id, naming), id]))
      assert.equal(known.size, ids.length)
      for (const id of ids) {
        const host = readHost(hostOf(id, naming), naming)
        assert.equal(known.get(host!.label) ?? host!.id, id)
      }
    }),
    { numRuns: 400 },
  )
})

test('all their hosts are names that DNS, browsers and the certificate of their form take', () => {
  fc.assert(
    fc.property(lists, ({ naming, ids }) => {
      for (const id of ids) {
        const host = hostOf(id, naming)
        assert.ok(host.length <= 253, `${host.length}: ${host}`)
        const labels = labelOf(id, naming).split('.')
        for (const label of labels) assert.match(label, /^(?!xn--)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/)
        const isNested = naming.hostForm === 'nested' && splitId(id).repository !== ''
        if (naming.transliterate) assert.equal(labels.length, isNested ? 2 : 1)
        assert.equal(new URL(`http://${host}/`).hostname, host)
      }
    }),
    { numRuns: 200 },
  )
})

test('whatever host is asked for, it stands for a preview of a listed repository or for none', () => {
  const label = fc.array(fc.oneof(tags, fc.constantFrom('.', '--in-', ...names)), { maxLength: 4 })
  fc.assert(
    fc.property(namings, label, (naming, parts) => {
      const id = readHost(`${parts.join('')}.${naming.domain}`, naming)?.id
      if (id == null) return
      const { repository, tag } = splitId(id)
      assert.ok(isTag(splitCopy(tag).original), id)
      assert.ok(naming.repositories.some(({ name }) => name === repository), id) // prettier-ignore
    }),
    { numRuns: 400 },
  )
})
