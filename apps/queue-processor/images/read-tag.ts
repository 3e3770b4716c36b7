/** What a tag stands for, read from the registry before the engine is told to pull it. */
import { RegistryError, type Pullable } from '../../shared/registry/registry.ts'
import type { Dependencies } from '../dependencies.ts'

/**
 * Reads it. What no engine is to pull is remembered of a tag that is offered.
 *
 * @returns undefined where the registry has no such tag
 * @throws RegistryError, or EngineError
 */
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

/**
 * The same for what somebody waits for. A registry that cannot be reached from here, or is not trusted here, may still be
 * one that the engine can pull from: it has proxies, mirrors and certificates of its own.
 */
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

/** What it brings, packed: bytes. */
export function bytesOf({ sizes }: Pullable): number {
  return sizes.reduce((all, bytes) => all + bytes, 0)
}
