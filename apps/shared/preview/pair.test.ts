import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayCall, pairCandidates, pairVariable } from './pair.ts'

const pairing = { repositories: [{ name: '' }, { name: 'api' }, { name: 'docs' }], pairFallback: ['main', 'latest'] }

test('a preview goes with its own tag of each other repository, else with a fallback', () => {
  assert.deepEqual(
    [...pairCandidates('pr-7', pairing)],
    [
      ['api', ['api/pr-7', 'api/main', 'api/latest']],
      ['docs', ['docs/pr-7', 'docs/main', 'docs/latest']],
    ],
  )
  assert.deepEqual(pairCandidates('api/main', pairing).get(''), ['main', 'latest'])
})

test('it may call these, and nothing else', () => {
  const table: [caller: string, target: string, may: boolean][] = [
    ['pr-7', 'api/pr-7', true],
    ['api/pr-7', 'pr-7', true],
    ['api/pr-7', 'docs/latest', true],
    ['pr-7', 'pr-7', false],
    ['pr-7', 'main', false],
    ['api/pr-7', 'api/main', false],
    ['pr-7', 'api/pr-8', false],
    ['pr-7', 'other/pr-7', false],
  ]
  for (const [caller, target, may] of table) assert.equal(mayCall(caller, target, pairing), may, `${caller} ${target}`)
})

test('the variable that tells of a pair', () => {
  assert.equal(pairVariable('api'), 'LOTAN_URL_API')
  assert.equal(pairVariable(''), 'LOTAN_URL_REPOSITORY')
})
