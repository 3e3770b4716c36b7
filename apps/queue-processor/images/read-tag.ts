import { RegistryError, type Pullable } from '../../shared/registry/registry.ts'
import type { Dependencies } from '../dependencies.ts'
import { logFields, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'

export async function readTag(
  { engine, registryOf, store }: Pick<Dependencies, 'engine' | 'registryOf' | 'store'>,
  id: PreviewId,
  signal?: AbortSignal,
): Promise<Pullable | undefined> {
  try {
    return await registryOf(id).pullable(splitId(id).tag, await engine.platform(), signal)
  } catch (error) {
    if (error instanceof RegistryError && error.digest) store.noteUnfit(id, error.digest, error.isArtifact)
    throw error
  }
}

/** Where Lotan cannot reach a registry the engine may: it has its own proxies, mirrors and certificates. */
export async function readTagIfReachable(
  deps: Pick<Dependencies, 'engine' | 'registryOf' | 'store' | 'log'>,
  id: PreviewId,
  signal: AbortSignal,
): Promise<Pullable | 'missing' | 'unread'> {
  try {
    return (await readTag(deps, id, signal)) ?? 'missing'
  } catch (error) {
    if (!(error instanceof RegistryError) || !error.isUnreached) throw error
    deps.log.info(
      { ...logFields(id), code: error.code, error: error.message },
      'the registry cannot be read from here, leaving the pull to the engine',
    )
    return 'unread'
  }
}
