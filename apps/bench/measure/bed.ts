/** A Lotan to measure, with a registry of its own and the containers that are started beside it. */
import { startLotan, type Lotan } from '../../testing/harness/lotan.ts'
import { removeByHand, tagByHand } from '../../testing/harness/docker.ts'
import { buildSmall } from '../../testing/images/build.ts'
import { startImageRegistry } from '../../testing/registries/image-registry.ts'

export type Registry = Awaited<ReturnType<typeof startImageRegistry>>

export interface Bed {
  lotan: Lotan
  registry: Registry
  /** An image that answers as soon as it runs. */
  image: string
  /** Containers started without Lotan: they are removed at the end. */
  alone: string[]
}

/**
 * @param options.tags are here already, all of one small image
 * @param options.env settings beside the harness's
 */
export async function withLotan<T>(
  options: { tags?: string[]; env?: Record<string, string> },
  measure: (bed: Bed) => Promise<T>,
): Promise<T> {
  const registry = await startImageRegistry()
  const image = `${registry.repository}:bench`
  await buildSmall(image, 'bench')
  for (const tag of options.tags ?? []) await tagByHand(image, `${registry.repository}:${tag}`)
  const lotan = await startLotan({ repository: registry.repository, env: options.env })
  const alone: string[] = []
  try {
    return await measure({ lotan, registry, image, alone })
  } finally {
    for (const id of alone) await removeByHand(id)
    await lotan.stop()
    await registry.close()
  }
}
