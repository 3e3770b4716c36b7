/** Uploads images without an engine. */
import { digestOf, type Layer } from './layers.ts'
import type { Made } from './recipe.ts'

const CONFIG = 'application/vnd.oci.image.config.v1+json'

const platformHere = { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch }

export interface Login {
  username: string
  password: string
}

export async function putImage(repository: string, tags: string[], image: Made, login?: Login): Promise<void> {
  const layers = []
  for (const layer of image.layers)
    layers.push({
      mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
      ...(await blob(repository, layer, login)),
    })
  const config = {
    mediaType: 'application/vnd.docker.container.image.v1+json',
    ...(await blob(repository, configurationOf(image), login)),
  }
  const manifest = {
    schemaVersion: 2,
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    config,
    layers,
  }
  for (const tag of tags) await put(repository, tag, manifest, login)
}

/** The image's configuration, whose digest is the image's id. */
export function configurationOf({ layers, config }: Made): Buffer {
  const rootfs = { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) }
  return Buffer.from(JSON.stringify({ ...platformHere, created: new Date().toISOString(), config, rootfs }))
}

export interface Raw {
  /** Lowest first: unpacked tars, or anything if they are never pulled. */
  layers: Buffer[]
  platform?: { os: string; architecture: string }
}

/** @returns for a list of manifests */
export async function upload(repository: string, tag: string, { layers, platform }: Raw) {
  const described = []
  for (const layer of layers)
    described.push({ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...(await blob(repository, layer)) })
  const config = JSON.stringify({
    ...(platform ?? { os: 'linux', architecture: 'amd64' }),
    rootfs: { type: 'layers', diff_ids: layers.map(digestOf) },
    config: {},
  })
  const manifest = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: {
      mediaType: CONFIG,
      ...(await blob(repository, Buffer.from(config))),
    },
    layers: described,
  }
  return { ...(await put(repository, tag, manifest)), mediaType: manifest.mediaType, ...(platform && { platform }) }
}

/** One manifest for each platform. */
export async function uploadList(repository: string, tag: string, images: Raw[]): Promise<void> {
  const manifests = []
  for (const [i, image] of images.entries()) manifests.push(await upload(repository, `${tag}-${i}`, image))
  await put(repository, tag, { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests })
}

export async function uploadMany(repository: string, tag: string, count: number): Promise<void> {
  const layer = await blob(repository, Buffer.alloc(1_024))
  const config = await blob(repository, Buffer.from('{"os":"linux","architecture":"amd64"}'))
  const layers = Array.from({ length: count }, () => ({
    ...layer,
    mediaType: 'application/vnd.oci.image.layer.v1.tar',
  }))
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  // The registry takes no manifest above 4 MB.
  await put(repository, tag, { schemaVersion: 2, mediaType, config: { ...config, mediaType: CONFIG }, layers })
}

/** A manifest whose configuration no engine runs. */
export async function uploadArtifact(repository: string, tag: string, mediaType: string): Promise<void> {
  const config = { mediaType, ...(await blob(repository, Buffer.from('{}'))) }
  const manifest = 'application/vnd.oci.image.manifest.v1+json'
  await put(repository, tag, { schemaVersion: 2, mediaType: manifest, config, layers: [] })
}

/**
 * Puts an index above an image, as a builder with attestations does: each note makes another index. @param to the
 * index's tag @returns the index's digest
 */
export async function attest(repository: string, digest: string, to: string, note: string): Promise<string> {
  const [base, name] = split(repository)
  const type = 'application/vnd.docker.distribution.manifest.v2+json'
  const answer = await fetch(`${base}/v2/${name}/manifests/${digest}`, { headers: { Accept: type } })
  const bytes = Buffer.from(await answer.arrayBuffer())
  const image = { mediaType: type, digest: digestOf(bytes), size: bytes.length, platform: platformHere }
  const unknown = { os: 'unknown', architecture: 'unknown' }
  const attestation = {
    ...(await upload(repository, `${to}-note`, { layers: [Buffer.from(note)] })),
    platform: unknown,
  }
  const mediaType = 'application/vnd.oci.image.index.v1+json'
  return (await put(repository, to, { schemaVersion: 2, mediaType, manifests: [image, attestation] })).digest
}

async function blob(repository: string, of: Buffer | Layer, login?: Login): Promise<{ digest: string; size: number }> {
  const [base, name] = split(repository)
  const { digest, size } = Buffer.isBuffer(of) ? { digest: digestOf(of), size: of.length } : of
  const headers = loggedIn(login)
  const there = await fetch(`${base}/v2/${name}/blobs/${digest}`, { method: 'HEAD', headers })
  if (there.ok) return { digest, size }
  const content = Buffer.isBuffer(of) ? of : await of.read()
  const begun = await ok(await fetch(`${base}/v2/${name}/blobs/uploads/`, { method: 'POST', headers }))
  const place = new URL(begun.headers.get('location')!, base)
  place.searchParams.set('digest', digest)
  const type = { 'Content-Type': 'application/octet-stream' }
  await ok(await fetch(place, { method: 'PUT', headers: { ...headers, ...type }, body: new Uint8Array(content) }))
  return { digest, size }
}

async function put(
  repository: string,
  tag: string,
  manifest: { mediaType: string } & Record<string, unknown>,
  login?: Login,
) {
  const [base, name] = split(repository)
  const body = JSON.stringify(manifest)
  const headers = { 'Content-Type': manifest.mediaType, ...loggedIn(login) }
  await ok(await fetch(`${base}/v2/${name}/manifests/${tag}`, { method: 'PUT', headers, body }))
  return { digest: digestOf(Buffer.from(body)), size: body.length }
}

function loggedIn(login?: Login): Record<string, string> {
  if (!login) return {}
  return { Authorization: `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}` }
}

async function ok(answer: Response): Promise<Response> {
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${await answer.text()}`)
  await answer.arrayBuffer()
  return answer
}

function split(repository: string): [base: string, name: string] {
  const slash = repository.indexOf('/')
  return [`http://${repository.slice(0, slash)}`, repository.slice(slash + 1)]
}
