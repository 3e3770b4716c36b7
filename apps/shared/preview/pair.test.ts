import assert from 'node:assert/strict'
import { test } from 'node:test'
import { choosePair, isPairedAlike, mayCall, pairCandidates, pairVariable, type Existence, type Pair } from './pair.ts'

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

test('the first candidate that exists is the pair; what no registry says is taken from before, or from the lists', () => {
  const candidates = ['api/pr-7', 'api/main', 'api/latest']
  const sure = (preview: string | null): Pair => ({ preview, isSure: true })
  const guess = (preview: string): Pair => ({ preview, isSure: false })
  const soFar = sure('api/pr-7')
  const table: [found: Existence[], first: Pair, again: Pair][] = [
    [['exists', 'exists', 'absent'], sure('api/pr-7'), soFar],
    [['exists', 'unlisted', 'unlisted'], sure('api/pr-7'), soFar],
    [['absent', 'exists', 'unlisted'], sure('api/main'), sure('api/main')],
    [['absent', 'absent', 'exists'], sure('api/latest'), sure('api/latest')],
    [['absent', 'absent', 'absent'], sure(null), sure(null)],
    [['listed', 'exists', 'absent'], guess('api/pr-7'), soFar],
    [['unlisted', 'exists', 'exists'], guess('api/main'), soFar],
    [['unlisted', 'unlisted', 'listed'], guess('api/latest'), soFar],
    [['unlisted', 'unlisted', 'unlisted'], guess('api/main'), soFar],
  ]
  for (const [found, first, again] of table) {
    assert.deepEqual(choosePair(candidates, found, { fallback: 'api/main' }), first, found.join())
    assert.deepEqual(choosePair(candidates, found, { fallback: 'api/main', soFar }), again, found.join())
  }
  const gone = { fallback: 'api/main', soFar: sure('api/older') }
  assert.deepEqual(choosePair(['api/main'], ['unlisted'], gone), guess('api/main'))
})

test('a container serves as long as it would be given the same', () => {
  const to = (preview: string | null, isSure = true) => ({ api: { preview, isSure } })
  assert.ok(isPairedAlike(to('api/main'), to('api/main', false)))
  assert.ok(isPairedAlike(undefined, to('api/main')))
  assert.ok(isPairedAlike({}, to(null)))
  assert.ok(!isPairedAlike(to('api/main'), to('api/pr-7')))
  assert.ok(!isPairedAlike(to('api/main'), to(null)))
  assert.ok(!isPairedAlike(to('api/main'), undefined))
})
