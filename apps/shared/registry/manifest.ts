/**
 * Read before the engine pulls: the engine takes any length, and keeps some 750 kB for each layer (measured: 15 GB for
 * 20 000). https://github.com/opencontainers/image-spec/blob/main/manifest.md
 */
import { createHash } from 'node:crypto'
import { bytesOf, isObject, objectIn } from './body.ts'
import { refusalOf, RegistryError } from './error.ts'

export interface Platform {
  os: string
  architecture: string
}

export interface Pullable {
  /** Of the tag's manifest or index, as it was read: the engine pulls exactly this. */
  digest: string
  /** Packed, lowest layer first. */
  sizes: number[]
  /** Of the layers, in the same order. */
  layers: string[]
  config: string | undefined
}

export type Get = (path: string, accept: string) => Promise<Response>

const INDEXES = ['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json']

/** Without this Accept header a registry answers with another digest than the engine knows. */
export const MANIFESTS = [
  ...INDEXES,
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')

/** The distribution project's limit. */
export const MAX_BYTES = 4 * 1024 ** 2
/** The engine's `maxLayerDepth`: with one more it unpacks them all, then says `max depth exceeded`. */
export const MAX_LAYERS = 125
/** Variants of this machine's processor in one index. */
const MAX_IMAGES = 8

/** What the engine also runs on such a machine. */
const alsoRuns: Record<string, string[]> = { amd64: ['386'], arm64: ['arm'] }

type Known = Record<string, unknown>
export interface Read {
  digest: string
  manifest: Known
}

/** @throws RegistryError `bad-image`, with the digest that was read */
export async function pullableOf(get: Get, tag: string, platform: Platform): Promise<Pullable | undefined> {
  const found = await read(get, tag, tag)
  if (!found) return undefined
  const { digest, manifest } = found
  try {
    const images = 'manifests' in manifest ? await imagesIn(get, manifest, tag, platform) : [manifest]
    const [first] = images.map(imageOf)
    return { digest, ...first! }
  } catch (error) {
    if (!(error instanceof RejectedImage)) throw error
    const { message, isArtifact } = error
    throw new RegistryError('bad-image', `${tag}: ${message}`, { digest, isArtifact })
  }
}

/** `isArtifact`: no image on any machine. */
class RejectedImage extends Error {
  readonly isArtifact: boolean

  constructor(message: string, isArtifact = false) {
    super(message)
    this.isArtifact = isArtifact
  }
}

/** Undefined where there is none. */
export async function read(get: Get, reference: string, what: string): Promise<Read | undefined> {
  const response = await get(`manifests/${reference}`, MANIFESTS)
  const refusal = refusalOf(response, what)
  if (refusal) void response.body?.cancel().catch(() => {})
  if (response.status === 404) return undefined
  if (refusal) throw refusal
  const bytes = await bytesOf(response, MAX_BYTES, `the manifest of ${what}`)
  return {
    digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
    manifest: objectIn(bytes, response, `the manifest of ${what}`),
  }
}

async function imagesIn(get: Get, index: Known, tag: string, platform: Platform): Promise<Known[]> {
  checkKeys(index)
  if ('layers' in index || 'config' in index) throw new RejectedImage('it is an index and an image at once')
  const entries = listIn(index.manifests, 'manifests')
  const own = digestsFor(entries, platform)
  if (own.length === 0) throw noneFor(entries, platform)
  if (own.length > MAX_IMAGES) throw new RejectedImage(`its index has ${own.length} images for ${inWords(platform)}`)
  const images: Known[] = []
  for (const digest of own) {
    const found = await read(get, digest, `${tag} for ${inWords(platform)}`)
    if (found?.digest !== digest)
      throw new RegistryError('registry-down', `${tag}: the registry does not have ${digest}, which its index names`, {
        status: 404,
      })
    if ('manifests' in found.manifest)
      throw new RejectedImage('its index leads to another index, which the engine cannot pull')
    images.push(found.manifest)
  }
  return images
}

export function digestsFor(entries: Known[], { os, architecture }: Platform): string[] {
  const of = (wanted: string) =>
    entries.filter(({ platform }) => isObject(platform) && platform.os === os && platform.architecture === wanted)
  const own = [architecture, ...(alsoRuns[architecture] ?? [])].map(of).find((found) => found.length > 0) ?? []
  // An index in an index, by an entry for this machine or for none.
  return [...new Set(own.map(digestIn))]
}

function noneFor(entries: Known[], platform: Platform): RejectedImage {
  if (entries.some(({ mediaType }) => typeof mediaType === 'string' && /buildkit|\.tar\b/.test(mediaType)))
    return new RejectedImage('it is a build cache, not an image', true)
  if (entries.some(({ mediaType }) => INDEXES.includes(String(mediaType))))
    return new RejectedImage('its index leads to another index, which the engine cannot pull')
  const others = entries.flatMap(({ platform: of }) =>
    isObject(of) && of.os !== 'unknown' ? [`${String(of.os)}/${String(of.architecture)}`] : [],
  )
  const has = others.length > 0 ? `, only for ${[...new Set(others)].slice(0, 8).join(', ')}` : ''
  return new RejectedImage(`it has no image for ${inWords(platform)}${has.slice(0, 200)}`)
}

function imageOf(manifest: Known): Omit<Pullable, 'digest'> {
  checkKeys(manifest)
  if (manifest.schemaVersion === 1 || 'fsLayers' in manifest)
    throw new RejectedImage('its manifest is of the old kind (schema 1): push it again with a newer builder')
  const config = isObject(manifest.config) ? manifest.config : {}
  const layers = listIn(manifest.layers, 'layers')
  const kind = artifactIn(config, layers, manifest)
  if (kind) throw new RejectedImage(`it is ${kind}, not an image`, true)
  if (layers.length > MAX_LAYERS)
    throw new RejectedImage(`it has ${layers.length} layers, and the engine takes ${MAX_LAYERS} at most`)
  if (sizeIn(config) > MAX_BYTES) throw new RejectedImage(`its configuration has ${sizeIn(config)} bytes`)
  return { layers: layers.map(digestIn), sizes: layers.map(sizeIn), config: digestIn(config) }
}

const CONFIGS = [
  'application/vnd.docker.container.image.v1+json',
  'application/vnd.oci.image.config.v1+json',
  'application/octet-stream',
  '',
]

function artifactIn(config: Known, layers: Known[], { artifactType }: Known): string | undefined {
  const typeOf = ({ mediaType }: Known) => (typeof mediaType === 'string' ? mediaType : '')
  // Signatures and attestations have an image's configuration too.
  const otherType = layers.map(typeOf).find((type) => type !== '' && !/\btar\b/.test(type))
  const isImage = CONFIGS.includes(typeOf(config)) && otherType === undefined
  if (isImage) return undefined
  const types = [typeOf(config), otherType ?? '', typeof artifactType === 'string' ? artifactType : ''].join(' ')
  if (/helm/.test(types)) return 'a Helm chart'
  if (/buildkit|cacheconfig/.test(types)) return 'a build cache'
  if (/cosign|sigstore|notary|signature/.test(types)) return 'a signature'
  if (/in-toto|attestation/.test(types)) return 'an attestation'
  if (/spdx|cyclonedx|sbom|syft/.test(types)) return 'a bill of materials'
  if (/docker\.plugin/.test(types)) return 'a plugin of the engine'
  return `something else (${types.trim().split(/\s+/)[0]!.slice(0, 100)})`
}

/** The engine reads keys in any case: to it `Layers` could replace `layers`. @throws RejectedImage */
function checkKeys(manifest: Known): void {
  const known = ['schemaVersion', 'mediaType', 'config', 'layers', 'manifests', 'fsLayers', 'artifactType']
  for (const key of Object.keys(manifest))
    if (!known.includes(key) && known.some((name) => name.toLowerCase() === key.toLowerCase()))
      throw new RejectedImage(`its manifest has the key ${key}, which can be read in two ways`)
}

function listIn(value: unknown, what: string): Known[] {
  if (Array.isArray(value) && value.every(isObject)) return value
  throw new RejectedImage(`its manifest has no list of ${what}`)
}

function digestIn({ digest }: Known): string {
  if (typeof digest === 'string' && /^[a-z0-9]+:[0-9a-f]{32,128}$/.test(digest)) return digest
  throw new RejectedImage('its manifest names something by no digest')
}

function sizeIn({ size }: Known): number {
  if (typeof size === 'number' && Number.isSafeInteger(size) && size >= 0) return size
  throw new RejectedImage('its manifest names something without its size')
}

function inWords({ os, architecture }: Platform): string {
  return `${os}/${architecture}`
}
