/** Reads a tag's manifest from the registry before the engine pulls it. */
import { RegistryError, type Pullable } from '../../shared/registry/registry.ts'
import type { Dependencies } from '../dependencies.ts'

export async function readTag(
  { engine, registry, store }: Pick<Dependencies, 'engine' | 'registry' | 'store'>,
  tag: string,
  signal?: AbortSignal,
): Promise<Pullable | undefined> {
  try {
    return await registry.pullable(tag, await engine.platform(), signal)
  } catch (error) {
    if (error instanceof RegistryError && error.digest) store.noteUnfit(tag, error.digest, error.isArtifact)
    throw error
  }
}

/** Where Lotan cannot reach a registry the engine may: it has its own proxies, mirrors and certificates. */
export async function readTagOrLeaveIt(
  parts: Pick<Dependencies, 'engine' | 'registry' | 'store' | 'log'>,
  tag: string,
  signal: AbortSignal,
): Promise<Pullable | 'missing' | 'unread'> {
  try {
    return (await readTag(parts, tag, signal)) ?? 'missing'
  } catch (error) {
    if (!(error instanceof RegistryError) || !error.isUnreached) throw error
    parts.log.info({ tag, code: error.code, error: error.message }, 'the engine pulls what could not be read before')
    return 'unread'
  }
}

export function bytesOf({ sizes }: Pullable): number {
  return sizes.reduce((all, bytes) => all + bytes, 0)
}
