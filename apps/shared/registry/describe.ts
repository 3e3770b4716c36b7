/** What an image says of itself, read without pulling it: its manifest and its configuration. */
import { isObject } from './body.ts'
import { readConfiguration } from './configuration.ts'
import { RegistryError } from './error.ts'
import { digestsFor, read, type Get, type Platform } from './manifest.ts'

export interface Description {
  /** Of the tag's manifest or index, as it was read. */
  digest: string
  /** Label org.opencontainers.image.revision. */
  revision: string | null
  /** ISO 8601, as its builder wrote it. */
  created: string | null
  /** Packed. */
  bytes: number | null
}

/** A commit, a time: what is longer is none. */
const LONGEST = 200

/** Of an index the image for this machine, else the first. What it does not say is null. Undefined where there is no such tag. */
export async function describe(get: Get, tag: string, platform: Platform): Promise<Description | undefined> {
  const found = await read(get, tag, tag)
  if (!found) return undefined
  const { digest } = found
  const nothing = { digest, revision: null, created: null, bytes: null }
  const image =
    'manifests' in found.manifest ? await imageIn(get, found.manifest.manifests, tag, platform) : found.manifest
  const config = isObject(image?.config) ? image.config.digest : undefined
  if (!image || typeof config !== 'string' || !isDigest(config)) return nothing
  const bytes = bytesIn(image.layers)
  try {
    const { labels, created } = await readConfiguration(get, config, tag)
    const revision = shortText(labels['org.opencontainers.image.revision'])
    return { digest, revision, created: shortText(created), bytes }
  } catch (error) {
    // What is there and cannot be read will not be read the next time either.
    if (error instanceof RegistryError && error.status === 200) return { ...nothing, bytes }
    throw error
  }
}

async function imageIn(get: Get, manifests: unknown, tag: string, platform: Platform) {
  const entries = Array.isArray(manifests) ? manifests.filter(isObject).filter(hasDigest) : []
  // Attestations stand there as images of an unknown platform.
  const images = entries.filter(({ platform: of }) => !isObject(of) || of.os !== 'unknown')
  const digest = digestsFor(entries, platform)[0] ?? images[0]?.digest
  return digest === undefined ? undefined : (await read(get, digest, tag))?.manifest
}

function hasDigest(entry: Record<string, unknown>): entry is { digest: string } & Record<string, unknown> {
  return typeof entry.digest === 'string' && isDigest(entry.digest)
}

function isDigest(text: string): boolean {
  return /^[a-z0-9]+:[0-9a-f]{32,128}$/.test(text)
}

function bytesIn(layers: unknown): number | null {
  if (!Array.isArray(layers)) return null
  const sizes = layers.map((layer) => (isObject(layer) ? layer.size : null))
  const isWhole = sizes.every((size) => typeof size === 'number' && Number.isSafeInteger(size) && size >= 0)
  return isWhole ? (sizes as number[]).reduce((all, bytes) => all + bytes, 0) : null
}

function shortText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST ? value : null
}
