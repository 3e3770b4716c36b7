import assert from 'node:assert/strict'
import { test } from 'node:test'
import { people } from '../../shared/config/values/access.ts'
import { personIn, scopeOf } from './people.ts'

const lists = {
  admins: people.parse('Anna@Example.com group:admins root'),
  allow: people.parse('@example.com bob@other.example group:Team'),
}

test('who is in which list', () => {
  const cases: [address: string | null, groups: string[], can: string | undefined][] = [
    ['anna@example.com', [], 'admin'],
    ['anna@other.example', [], undefined],
    ['eve@example.com', [], 'public'],
    ['bob@other.example', [], 'public'],
    ['eve@other.example', [], undefined],
    ['eve@sub.example.com', [], undefined],
    ['eve@notexample.com', [], undefined],
    ['eve@example.com.evil.example', [], undefined],
    ['eve@evil.example@example.com', [], undefined],
    ['@example.com', [], undefined],
    ['example.com', [], undefined],
    ['root', [], 'admin'],
    [null, [], undefined],
    [null, ['Team'], 'public'],
    [null, ['team'], undefined],
    [null, ['Team', 'admins'], 'admin'],
    ['group:admins', [], undefined],
    ['admins', [], undefined],
  ]
  for (const [address, groups, can] of cases)
    assert.equal(scopeOf({ address, groups }, lists), can, `${address} ${groups.join()}`)
  assert.equal(scopeOf({ address: 'anna@example.com', groups: ['admins'] }, { admins: [], allow: [] }), undefined)
})

test('a header names one person, or none', () => {
  for (const [header, address] of [
    ['Anna@Example.com', 'anna@example.com'],
    ['CN=anna/OU=x', 'cn=anna/ou=x'],
    [undefined, undefined],
    ['', undefined],
    ['eve@evil.example, anna@example.com', undefined],
    ['anna@example.com ', undefined],
    ['a\u00e9', undefined],
    ['x'.repeat(201), undefined],
    [['a', 'b'], undefined],
  ] as const)
    assert.equal(personIn(header as string | string[] | undefined)?.address, address, String(header))
})
