import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { judgeRegistry } from '../../shared/health/registry.ts'
import { RegistryError } from '../../shared/registry/registry.ts'
import { watchRegistry } from './registry.ts'

test('how the registry answers is told by what it was asked anyway', async () => {
  let now = 1_000
  let answer = async () => ['red', 'blue']
  const seen = watchRegistry({ tags: () => answer() }, () => now)
  assert.equal(seen.health(), null)
  const level = () => judgeRegistry(seen.health()!, 'reg/app').level
  for (let i = 0; i < 3; i++) assert.deepEqual(await seen.registry.tags(), ['red', 'blue'])
  assert.deepEqual([seen.health()!.tags, seen.health()!.usual, seen.health()!.since, level()], [2, null, null, 'ok'])

  answer = async () => {
    throw new RegistryError('credentials', 'reg answered 401')
  }
  now = 2_000
  await assert.rejects(seen.registry.tags(), /401/)
  now = 3_000
  await assert.rejects(seen.registry.tags(), /401/)
  assert.deepEqual([seen.health()!.at, seen.health()!.since, level()], [3_000, 2_000, 'failure'])
  assert.match(judgeRegistry(seen.health()!, 'reg/app').advice!, /docker login/)

  answer = async () => {
    await sleep(1_050)
    return ['red']
  }
  await seen.registry.tags()
  assert.deepEqual([seen.health()!.error, seen.health()!.since, level()], [null, 2_000, 'warning'])
  assert.match(judgeRegistry(seen.health()!, 'reg/app').says, /slowly: its tags took 1\.\d s, usually \d ms/)
  answer = async () => []
  await seen.registry.tags()
  assert.deepEqual([seen.health()!.since, level()], [null, 'ok'])
})

test('an error that is not the registry’s is none of its health', async () => {
  const seen = watchRegistry({ tags: () => Promise.reject(new TypeError('a mistake')) })
  await assert.rejects(seen.registry.tags(), TypeError)
  assert.equal(seen.health(), null)
})
