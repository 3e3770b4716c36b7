/** A Lotan before applications that are as fast as possible, so that the way to them shows. */
import { addressOf } from '../../testing/harness/docker.ts'
import { startLotan, type Lotan } from '../../testing/harness/lotan.ts'
import { buildFast } from '../../testing/images/build.ts'
import { startImageRegistry } from '../../testing/registries/image-registry.ts'
import type { Registry } from './bed.ts'

/** @param options.images by tag, as `buildFast` makes them */
export async function withFast<T>(
  options: { images: Record<string, Parameters<typeof buildFast>[1]>; env?: Record<string, string> },
  measure: (fast: { lotan: Lotan; registry: Registry }) => Promise<T>,
): Promise<T> {
  const registry = await startImageRegistry()
  try {
    for (const [tag, recipe] of Object.entries(options.images)) await buildFast(`${registry.repository}:${tag}`, recipe)
    const env = { LOTAN_CONTAINER_CPUS: '2', ...options.env }
    const lotan = await startLotan({ repository: registry.repository, env })
    try {
      return await measure({ lotan, registry })
    } finally {
      await lotan.stop()
    }
  } finally {
    await registry.close()
  }
}

/** Where its container listens, as whoever is not Lotan reaches it: `10.83.0.9:80`. */
export async function directly(lotan: Lotan, tag: string): Promise<string> {
  return `${await addressOf(await lotan.containerOf(tag))}:80`
}
