import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shortNames } from './preview-names.ts'

test('the nameless repository is called by what it builds, unless another one has that name', () => {
  const shop = { name: '', reference: 'reg.example.com/team/shop' }
  const names = (...named: string[]) =>
    [...shortNames([shop, ...named.map((name) => ({ name, reference: `reg.example.com/${name}` }))]).values()] // prettier-ignore
  assert.deepEqual(names('api'), ['shop', 'api'])
  assert.deepEqual(names('shop', 'api'), ['reg.example.com/team/shop', 'shop', 'api'])
})
