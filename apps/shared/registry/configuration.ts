/** An image's configuration, which lies beside its layers: https://github.com/opencontainers/image-spec/blob/main/config.md */
import { isObject, json } from './body.ts'
import { MAX_BYTES, type Get, type Pullable } from './manifest.ts'

/** `unpacked`: digest of its content, by which the engine knows a layer. */
export interface Layer {
  bytes: number
  unpacked: string | null
}

export interface Configuration {
  created: unknown
  labels: Record<string, unknown>
  /** Digests of the unpacked layers, lowest first. */
  diffIds: unknown
}

/** Its content is unchecked. @throws RegistryError */
export async function readConfiguration(get: Get, digest: string, what: string): Promise<Configuration> {
  const said = await json(await get(`blobs/${digest}`, 'application/json'), `the configuration of ${what}`, MAX_BYTES)
  return {
    created: said.created,
    labels: isObject(said.config) && isObject(said.config.Labels) ? said.config.Labels : {},
    diffIds: isObject(said.rootfs) ? said.rootfs.diff_ids : undefined,
  }
}

export function textLabels({ labels }: Pick<Configuration, 'labels'>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

export async function layersOf(get: Get, { sizes, config }: Pullable, what: string): Promise<Layer[]> {
  const ids = config && (await readConfiguration(get, config, what)).diffIds
  // Without a match no layer is known to be present.
  const isWhole = Array.isArray(ids) && ids.length === sizes.length
  return sizes.map((bytes, i) => ({ bytes, unpacked: isWhole ? String(ids[i]) : null }))
}
