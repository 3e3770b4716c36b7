import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VariableInForce } from '../../shared/config/in-force.ts'
import { variablesFor } from './variables.ts'

test('a repository’s own variables win over those of all, and another’s are not shown', () => {
  const variable = (name: string, value: string, repository: string | null): VariableInForce => ({
    name,
    value,
    secret: false,
    from: repository === null ? 'ENV_ARGS' : `LOTAN_CONTAINER_ENV_${repository.toUpperCase()}__${name}`,
    repository,
  })
  const given = [
    variable('A', '1', null),
    variable('B', '1', null),
    variable('B', '2', 'api'),
    variable('C', '2', 'api'),
    variable('A', '3', 'web'),
  ]
  const shown = (repository: string) =>
    variablesFor(repository, given, true).map(({ name, value, from }) => [name, value, from])
  assert.deepEqual(shown(''), [
    ['A', '1', 'ENV_ARGS'],
    ['B', '1', 'ENV_ARGS'],
  ])
  assert.deepEqual(shown('api'), [
    ['A', '1', 'ENV_ARGS'],
    ['B', '2', 'LOTAN_CONTAINER_ENV_API__B'],
    ['C', '2', 'LOTAN_CONTAINER_ENV_API__C'],
  ])
  assert.deepEqual(shown('web'), [
    ['B', '1', 'ENV_ARGS'],
    ['A', '3', 'LOTAN_CONTAINER_ENV_WEB__A'],
  ])
})

test('a secret wins over both, and is of what is trusted alone', () => {
  const plain: VariableInForce = { name: 'A', value: '1', secret: false, from: 'ENV_ARGS', repository: null }
  const from = 'LOTAN_CONTAINER_SECRET_A'
  const given: VariableInForce[] = [
    plain,
    { ...plain, value: '2', repository: 'api' },
    { name: 'A', value: null, secret: true, from, repository: null, ownOnly: true },
  ]
  assert.deepEqual(variablesFor('api', given, true), [{ name: 'A', value: null, secret: true, from }])
  assert.deepEqual(
    variablesFor('api', given, false).map(({ value }) => value),
    ['2'],
  )
})
