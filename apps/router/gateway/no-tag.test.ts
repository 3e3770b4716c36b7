import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formsOfHosts, lookOf, whyNoTag } from './no-tag.ts'

const named = (...names: string[]) => names.map((name) => ({ name }))
const at = (hostForm: 'nested' | 'flat', ...names: string[]) =>
  ({ domain: 'previews.example.com', hostForm, repositories: named(...names) }) as const
const why = (label: string | null, hosts: ReturnType<typeof at>) =>
  whyNoTag({ label, host: label === null ? 'example.org' : `${label}.previews.example.com` }, hosts)

test('where no repository has a name a host is a tag, or none', () => {
  const hosts = at('nested', '')
  assert.deepEqual(why('a.b', hosts), { sentence: 'a.b cannot be a container tag.', typed: 'a.b' })
  assert.equal(why(null, hosts).sentence, 'example.org is not below previews.example.com.')
  assert.deepEqual(formsOfHosts(hosts), [])
})

test('a name that is no repository is told from a tag that is none, in both forms of hosts', () => {
  for (const [hosts, piece] of [
    [at('nested', '', 'api'), '.'],
    [at('flat', '', 'api'), '--in-'],
  ] as const) {
    assert.equal(why(`pr-7${piece}nope`, hosts).sentence, 'There is no repository nope here.')
    assert.equal(why(`-7${piece}api`, hosts).sentence, `-7${piece}api cannot be a container tag.`)
    assert.equal(why('-7', hosts).sentence, '-7 cannot be a container tag.')
    assert.deepEqual(lookOf(`-7${piece}api`, hosts), { repository: 'api', tag: '-7' })
  }
})

test('without a nameless repository a host has to name one', () => {
  const hosts = at('nested', 'api')
  assert.equal(why('pr-7', hosts).sentence, 'pr-7 does not say of which repository it is.')
  assert.deepEqual(formsOfHosts(hosts), ['TAG.NAME.previews.example.com'])
  assert.deepEqual(formsOfHosts(at('flat', '', 'api')), [
    'TAG.previews.example.com',
    'TAG--in-NAME.previews.example.com',
  ])
})
