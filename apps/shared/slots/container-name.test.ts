import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { copyTag } from '../preview/copy-tag.ts'
import { idOf } from '../preview/preview-id.ts'
import { TAG } from '../tag.ts'
import {
  containerName,
  copyImageName,
  readContainerName,
  readCopyImageName,
  readSandboxName,
  readServiceName,
  sandboxName,
  serviceName,
  volumeName,
} from './container-name.ts'

const instance = '0a1b2c3d'

test('a container has its instance, its repository where that has a name, its tag and its generation in its name', () => {
  assert.equal(containerName(instance, 'pr-3001', 7), 'lotan-0a1b2c3d-pr-3001-7')
  assert.equal(containerName(instance, 'api/1.9.5', 12), 'lotan-0a1b2c3d.api-1.9.5-12')
})

const repositories = fc.oneof(fc.constant(''), fc.stringMatching(/^[a-z][a-z0-9]{0,19}$/))
const copies = fc.tuple(fc.stringMatching(TAG), fc.stringMatching(/^[a-z0-9](-?[a-z0-9]){0,9}$/))
const tags = fc.oneof(
  fc.stringMatching(TAG),
  copies.map(([base, name]) => copyTag(base, name)),
  // Tags that look like copies of others.
  copies.map(([base, name]) => `x${base}--as-${name}`).filter((tag) => TAG.test(tag)),
)

test('a name comes back as the preview and the generation that it was made of', () => {
  fc.assert(
    fc.property(repositories, tags, fc.nat(), (repository, tag, generation) => {
      const id = idOf({ repository, tag })
      const name = containerName(instance, id, generation)
      assert.match(name, /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/, 'the engine takes it')
      assert.deepEqual(readContainerName(name, instance), { id, generation })
      const service = serviceName(instance, id, 'db', generation)
      assert.match(service, /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/)
      assert.deepEqual(readServiceName(service, instance), { id, service: 'db', generation })
      assert.equal(readContainerName(service, instance), undefined)
      assert.match(volumeName(instance, id, 'data', '0a'), /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/)
    }),
  )
})

test('a copy’s image says whose it is, and no registry has such a name', () => {
  fc.assert(
    fc.property(repositories, copies, (repository, [base, name]) => {
      const id = idOf({ repository, tag: copyTag(base, name) })
      const image = copyImageName(instance, id)
      // As the engine's reference package has it: a first part without dot, colon and capitals is no host.
      assert.match(image, /^lotan-copy-[0-9a-f]{8}(\/[a-z0-9]+(-[a-z0-9]+)*){1,2}:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/)
      assert.equal(readCopyImageName(image, instance), id)
      assert.equal(readCopyImageName(image, 'ffffffff'), undefined)
    }),
  )
})

test('a copy’s container is told from that of a tag that is written so', () => {
  assert.equal(containerName(instance, 'pr-7~anna', 3), 'lotan-0a1b2c3d--pr-7--as-anna-3')
  assert.equal(containerName(instance, 'pr-7--as-anna', 3), 'lotan-0a1b2c3d-pr-7--as-anna-3')
  assert.equal(containerName(instance, 'api/pr-7~anna', 3), 'lotan-0a1b2c3d.api--pr-7--as-anna-3')
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
