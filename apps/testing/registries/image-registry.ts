/** A registry that the engine pushes to and pulls from: it ends with the copies of its images on the engine. */
import { imagesBelow, removeImageByHand } from '../harness/docker.ts'
import { startRegistry, type Options, type Registry } from './registry.ts'

export { login, passwordHash } from './registry.ts'
export type { Registry } from './registry.ts'

export async function startImageRegistry(options: Options = {}): Promise<Registry> {
  const registry = await startRegistry(options)
  const prefix = registry.repository.slice(0, registry.repository.indexOf('/') + 1)
  return {
    ...registry,
    async close() {
      await registry.stop()
      for (const name of await imagesBelow(prefix)) await removeImageByHand(name)
      await registry.close()
    },
  }
}
