/** What a tag stands for, as a real registry tells it, and as no registry should. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import { after, before, describe, test } from 'node:test'
import { startRegistry, type Registry } from '../../testing/registries/registry.ts'
import { upload, uploadList } from '../../testing/images/upload.ts'
import { openRegistry } from './registry.ts'

const amd64 = { os: 'linux', architecture: 'amd64' }
const arm64 = { os: 'linux', architecture: 'arm64' }
const layer = (kilobytes: number) => Buffer.alloc(kilobytes * 1_000, kilobytes)
const digestOf = (content: string | Buffer) => `sha256:${createHash('sha256').update(content).digest('hex')}`
const told = (...layers: Buffer[]) => layers.map((content) => ({ bytes: content.length, unpacked: digestOf(content) }))

describe('the layers of an image', { timeout: 300_000 }, () => {
  let registry: Registry
  const open = () => openRegistry({ repository: registry.repository, dockerConfig: os.tmpdir(), awsRegion: null })
  before(async () => {
    registry = await startRegistry()
  })
  after(() => registry.close())

  test('are told with their sizes, lowest first', async () => {
    const { digest } = await upload(registry.repository, 'red', { layers: [layer(3), layer(1), layer(2)] })
    assert.deepEqual(await open().layers('red', amd64), told(layer(3), layer(1), layer(2)))
    const image = await open().pullable('red', amd64)
    assert.deepEqual([image?.digest, image?.sizes], [digest, [3_000, 1_000, 2_000]])
    assert.equal(image?.layers.length, 3)
  })

  test('are those for this machine, where there are several kinds', async () => {
    await uploadList(registry.repository, 'blue', [
      { layers: [layer(9)], platform: arm64 },
      { layers: [layer(4), layer(5)], platform: amd64 },
    ])
    assert.deepEqual(await open().layers('blue', amd64), told(layer(4), layer(5)))
    assert.deepEqual(await open().layers('blue', arm64), told(layer(9)))
    const { digest } = (await open().pullable('blue', amd64))!
    assert.equal(digest, await open().digestOf('blue'), 'the index’s digest is the tag’s')
    await assert.rejects(open().pullable('blue', { os: 'linux', architecture: 's390x' }), {
      code: 'bad-image',
      digest,
      isArtifact: false,
      message: 'blue: it has no image for linux/s390x, only for linux/arm64, linux/amd64',
    })
  })

  test('of a tag that is not there are none', async () => {
    assert.equal(await open().layers('none', amd64), undefined)
    assert.equal(await open().pullable('none', amd64), undefined)
  })
})

type Manifest = Record<string, unknown>

const CONFIG = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf('config'), size: 6 }
const ROOTFS = 'application/vnd.oci.image.layer.v1.tar+gzip'
const layers = (count: number, over: Manifest = {}) =>
  Array.from({ length: count }, (_, i) => ({ mediaType: ROOTFS, digest: digestOf(`layer ${i}`), size: 10, ...over }))
const image = (over: Manifest = {}): Manifest => ({ schemaVersion: 2, config: CONFIG, layers: layers(2), ...over })
const of = (mediaType: string) => ({ config: { ...CONFIG, mediaType } })
const index = (...manifests: Manifest[]): Manifest => ({ schemaVersion: 2, manifests })
const entry = (manifest: Manifest, over: Manifest = {}) => ({
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: digestOf(JSON.stringify(manifest)),
  size: 1,
  platform: amd64,
  ...over,
})
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'

describe('a tag that no engine is to pull', { timeout: 300_000 }, () => {
  let server: http.Server
  /** By tag or digest. */
  const manifests = new Map<string, string>()
  const asked: string[] = []
  const open = () => {
    const { port } = server.address() as AddressInfo
    return openRegistry({ repository: `127.0.0.1:${port}/app`, dockerConfig: os.tmpdir(), awsRegion: null })
  }
  before(async () => {
    server = http.createServer((req, res) => {
      asked.push(`${req.method} ${req.url}`)
      const text = manifests.get(req.url!.split('/').at(-1)!)
      if (text === undefined) return res.writeHead(404).end('{}')
      return res.setHeader('Docker-Content-Digest', digestOf(text)).end(req.method === 'HEAD' ? undefined : text)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
  })
  after(() => {
    server.closeAllConnections()
    server.close()
  })

  /** @returns its digest */
  function have(tag: string, manifest: Manifest): string {
    const text = JSON.stringify(manifest)
    for (const name of [tag, digestOf(text)]) manifests.set(name, text)
    return digestOf(text)
  }

  const good = image()
  const table: [what: string, manifest: Manifest, message: RegExp, isArtifact?: true][] = [
    ['too many layers', image({ layers: layers(126) }), /it has 126 layers, and the engine takes 125 at most/],
    ['far too many', image({ layers: layers(20_000) }), /it has 20000 layers/],
    ['a size below nothing', image({ layers: layers(1, { size: -1 }) }), /without its size/],
    ['a size in words', image({ layers: layers(1, { size: '10' }) }), /without its size/],
    ['a size beyond numbers', image({ layers: layers(1, { size: 1e300 }) }), /without its size/],
    ['no size', image({ layers: layers(1, { size: undefined }) }), /without its size/],
    ['no digest', image({ layers: layers(1, { digest: '../../x' }) }), /by no digest/],
    ['a great configuration', image({ config: { ...CONFIG, size: 5e6 } }), /its configuration has 5000000 bytes/],
    ['no list of layers', image({ layers: { length: 1 } }), /no list of layers/],
    ['layers of no kind', image({ layers: [null] }), /no list of layers/],
    ['two readings', image({ Layers: layers(9) }), /the key Layers, which can be read in two ways/],
    ['both at once', { ...index(entry(good)), layers: [] }, /an index and an image at once/],
    ['the old kind', { schemaVersion: 1, fsLayers: [] }, /of the old kind \(schema 1\)/],
    ['an index of an index', index(entry(index(entry(good)), { mediaType: OCI_INDEX })), /leads to another index/],
    ['one without a platform', index({ ...entry(good), platform: undefined, mediaType: OCI_INDEX }), /another index/],
    ['no image at all', index(), /it has no image for linux\/amd64$/],
    ['attestations alone', index(entry(good, { platform: { os: 'unknown', architecture: 'unknown' } })), /no image for linux\/amd64$/], // prettier-ignore
    ['more than one can mean', index(...Array.from({ length: 9 }, (_, i) => entry(image({ i })))), /has 9 images for/],
    ['a chart', image(of('application/vnd.cncf.helm.config.v1+json')), /it is a Helm chart, not an image/, true],
    ['a cache', image(of('application/vnd.buildkit.cacheconfig.v0')), /a build cache/, true],
    ['a cache as an index', index({ ...entry(good), platform: undefined, mediaType: ROOTFS }), /a build cache/, true],
    ['a signature', image({ layers: layers(1, { mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json' }) }), /a signature/, true], // prettier-ignore
    ['an attestation', image({ layers: layers(1, { mediaType: 'application/vnd.in-toto+json' }) }), /an attestation/, true], // prettier-ignore
    [
      'some artifact',
      image({ ...of('application/vnd.oci.empty.v1+json'), artifactType: 'a/b' }),
      /something else/,
      true,
    ],
  ]

  test('says why: it has no bounds, cannot be read in one way, is not for this machine, or is no image', async () => {
    have('good', good)
    have('nested', index(entry(good)))
    for (const [what, manifest, message, isArtifact = false] of table) {
      const digest = have('bad', manifest)
      await assert.rejects(open().pullable('bad', amd64), { code: 'bad-image', message, digest, isArtifact }, what)
    }
  })

  test('is read once; what comes after it at the same tag is read again', async () => {
    const registry = open()
    have('tag', image({ layers: layers(126) }))
    const from = asked.length
    for (let i = 0; i < 3; i++) await assert.rejects(registry.pullable('tag', amd64), { code: 'bad-image' })
    const [get, head] = ['GET /v2/app/manifests/tag', 'HEAD /v2/app/manifests/tag']
    assert.deepEqual(asked.slice(from), [get, head, head])
    const digest = have('tag', image({ layers: layers(125) }))
    assert.equal((await registry.pullable('tag', amd64))?.digest, digest)
    assert.equal((await registry.pullable('tag', amd64))?.sizes.length, 125)
    assert.deepEqual(asked.slice(from + 3), [head, get, head])
  })

  test('is not one whose image is still to come, or is another one than its index names: that may pass', async () => {
    const registry = open()
    const wanted = image({ wanted: true })
    const digest = have('pushed', index(entry(wanted)))
    const lost = { code: 'registry-down', message: /the registry does not have sha256:\w+, which its index names/ }
    await assert.rejects(registry.pullable('pushed', amd64), lost)
    manifests.set(entry(wanted).digest, JSON.stringify(good))
    await assert.rejects(registry.pullable('pushed', amd64), lost)
    have('wanted', wanted)
    assert.equal((await registry.pullable('pushed', amd64))?.digest, digest)
  })

  test('is not an index with one image for this machine, beside others and attestations', async () => {
    const digest = have('index', index(entry(good, { platform: arm64 }), entry(good), entry(image({ a: 1 }), { platform: { os: 'unknown', architecture: 'unknown' } }))) // prettier-ignore
    have('good', good)
    assert.deepEqual(await open().pullable('index', amd64), {
      digest,
      layers: (good.layers as { digest: string }[]).map(({ digest }) => digest),
      sizes: [10, 10],
      config: CONFIG.digest,
    })
  })
})
