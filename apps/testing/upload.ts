/** Puts an image into a registry without an engine: for what an engine would not build, or has no room for. */
import { createHash } from 'node:crypto'

export interface Made {
  /** Layers as they are sent, lowest first: unpacked tars, or anything where nobody pulls them. */
  layers: Buffer[]
  platform?: { os: string; architecture: string }
}

/** @returns the manifest's digest and size, for a list of manifests */
export async function upload(repository: string, tag: string, { layers, platform }: Made) {
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
      mediaType: 'application/vnd.oci.image.config.v1+json',
      ...(await blob(repository, Buffer.from(config))),
    },
    layers: described,
  }
  return { ...(await put(repository, tag, manifest)), mediaType: manifest.mediaType, ...(platform && { platform }) }
}

/** Puts a list of manifests, one for each platform. */
export async function uploadList(repository: string, tag: string, images: Made[]): Promise<void> {
  const manifests = []
  for (const [i, image] of images.entries()) manifests.push(await upload(repository, `${tag}-${i}`, image))
  await put(repository, tag, { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests })
}

async function blob(repository: string, content: Buffer): Promise<{ digest: string; size: number }> {
  const [base, name] = split(repository)
  const digest = digestOf(content)
  const begun = await ok(await fetch(`${base}/v2/${name}/blobs/uploads/`, { method: 'POST' }))
  const place = new URL(begun.headers.get('location')!, base)
  place.searchParams.set('digest', digest)
  const headers = { 'Content-Type': 'application/octet-stream' }
  await ok(await fetch(place, { method: 'PUT', headers, body: new Uint8Array(content) }))
  return { digest, size: content.length }
}

async function put(repository: string, tag: string, manifest: { mediaType: string } & Record<string, unknown>) {
  const [base, name] = split(repository)
  const body = JSON.stringify(manifest)
  const headers = { 'Content-Type': manifest.mediaType }
  await ok(await fetch(`${base}/v2/${name}/manifests/${tag}`, { method: 'PUT', headers, body }))
  return { digest: digestOf(Buffer.from(body)), size: body.length }
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

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}
