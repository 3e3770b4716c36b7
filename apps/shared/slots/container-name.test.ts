import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { idOf } from '../preview/preview-id.ts'
import { TAG } from '../tag.ts'
import { containerName, readContainerName, readSandboxName, sandboxName } from './container-name.ts'

const instance = '0a1b2c3d'

test('a container has its instance, its repository where that has a name, its tag and its generation in its name', () => {
  assert.equal(containerName(instance, 'pr-3001', 7), 'lotan-0a1b2c3d-pr-3001-7')
  assert.equal(containerName(instance, 'api/1.9.5', 12), 'lotan-0a1b2c3d.api-1.9.5-12')
})

test('a name comes back as the preview and the generation that it was made of', () => {
  const repositories = fc.oneof(fc.constant(''), fc.stringMatching(/^[a-z][a-z0-9]{0,19}$/))
  fc.assert(
    fc.property(repositories, fc.stringMatching(TAG), fc.nat(), (repository, tag, generation) => {
      const id = idOf({ repository, tag })
      assert.deepEqual(readContainerName(containerName(instance, id, generation), instance), { id, generation })
    }),
  )
})

test('what is named otherwise is no container of a preview', () => {
  const others = ['lotan-registry-0a1b2c3d', 'lotan-0a1b2c3d', 'lotan-0a1b2c3d-7', 'lotan-ffffffff-pr-3001-7', 'web-1']
  for (const name of others) assert.equal(readContainerName(name, instance), undefined, name)
})

test('a sandbox has its instance and its number in its name, and is no preview’s container', () => {
  const name = sandboxName(instance, 12)
  assert.equal(name, 'lotan-sandbox-0a1b2c3d-12')
  assert.equal(readSandboxName(name, instance), 12)
  assert.equal(readContainerName(name, instance), undefined)
  for (const other of ['lotan-sandbox-ffffffff-12', 'lotan-sandbox-0a1b2c3d-', 'lotan-0a1b2c3d-sandbox-12', 'web-1'])
    assert.equal(readSandboxName(other, instance), undefined, other)
})
