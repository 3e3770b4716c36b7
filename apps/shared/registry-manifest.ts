/**
 * What an image will take, before it is pulled: its manifest tells the size of each layer as it is sent, packed
 * (https://github.com/opencontainers/image-spec/blob/main/manifest.md). How big they get unpacked nobody tells.
 */
import { json } from './registry-http.ts'

/** One layer of an image. `unpacked` is the digest of its content, by which the engine knows what it has already. */
export interface Layer {
  bytes: number
  unpacked: string | null
}

export interface Platform {
  os: string
  architecture: string
}

/** Asks the repository for `manifests/red`, or `blobs/sha256:…`. */
export type Get = (path: string, accept: string) => Promise<Response>

/** The kinds of manifest. Asked without them, a registry answers with another digest than the engine knows. */
export const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')

interface Manifest {
  layers?: { size: number }[]
  config?: { digest: string }
  /** Of a list of manifests, one for each kind of machine. */
  manifests?: { digest: string; platform?: Platform }[]
}

/**
 * The layers of an image, lowest first.
 *
 * @param platform of a list of manifests, the one of this machine counts
 * @returns undefined where the manifest is of a kind that tells no sizes, or there is none for this machine
 * @throws RegistryError
 */
export async function layersOf(get: Get, tag: string, platform: Platform): Promise<Layer[] | undefined> {
  const manifest = await manifestOf(get, tag, platform)
  if (!manifest?.layers) return undefined
  const { digest } = manifest.config ?? {}
  const config = digest ? await json<Config>(await get(`blobs/${digest}`, 'application/json'), tag) : undefined
  const ids = config?.rootfs?.diff_ids ?? []
  // Where the two do not go together, no layer is known to be here.
  const isWhole = ids.length === manifest.layers.length
  return manifest.layers.map(({ size }, i) => ({ bytes: size, unpacked: isWhole ? ids[i]! : null }))
}

interface Config {
  rootfs?: { diff_ids?: string[] }
}

async function manifestOf(get: Get, tag: string, platform: Platform): Promise<Manifest | undefined> {
  const found = await json<Manifest>(await get(`manifests/${tag}`, MANIFESTS), tag)
  if (!found.manifests) return found
  const own = found.manifests.find(
    ({ platform: of }) => of?.os === platform.os && of.architecture === platform.architecture,
  )
  return own && json<Manifest>(await get(`manifests/${own.digest}`, MANIFESTS), tag)
}
