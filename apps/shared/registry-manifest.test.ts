/** What an image will take, as a real registry tells it. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import os from 'node:os'
import { after, before, describe, test } from 'node:test'
import { startRegistry, type Registry } from '../testing/registry.ts'
import { upload, uploadList } from '../testing/upload.ts'
import { openRegistry } from './registry.ts'

const amd64 = { os: 'linux', architecture: 'amd64' }
const arm64 = { os: 'linux', architecture: 'arm64' }
const layer = (kilobytes: number) => Buffer.alloc(kilobytes * 1_000, kilobytes)
const told = (...layers: Buffer[]) =>
  layers.map((content) => ({
    bytes: content.length,
    unpacked: `sha256:${createHash('sha256').update(content).digest('hex')}`,
  }))

describe('the layers of an image', { timeout: 60_000 }, () => {
  let registry: Registry
  const open = () => openRegistry({ repository: registry.repository, dockerConfig: os.tmpdir(), awsRegion: null })
  before(async () => {
    registry = await startRegistry()
  })
  after(() => registry.close())

  test('are told with their sizes, lowest first', async () => {
    await upload(registry.repository, 'red', { layers: [layer(3), layer(1), layer(2)] })
    assert.deepEqual(await open().layers('red', amd64), told(layer(3), layer(1), layer(2)))
  })

  test('are those for this machine, where there are several kinds', async () => {
    await uploadList(registry.repository, 'blue', [
      { layers: [layer(9)], platform: arm64 },
      { layers: [layer(4), layer(5)], platform: amd64 },
    ])
    assert.deepEqual(await open().layers('blue', amd64), told(layer(4), layer(5)))
    assert.deepEqual(await open().layers('blue', arm64), told(layer(9)))
    assert.equal(await open().layers('blue', { os: 'linux', architecture: 's390x' }), undefined)
  })

  test('of a tag that is not there are an error', async () => {
    await assert.rejects(open().layers('none', amd64), { name: 'RegistryError' })
  })
})
