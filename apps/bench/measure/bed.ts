/** A Lotan to measure, with a registry of its own and the containers that are started beside it. */
import { startLotan, type Lotan } from '../../testing/harness/lotan.ts'
import { removeByHand, tagByHand } from '../../testing/harness/docker.ts'
import { until } from '../../testing/harness/until.ts'
import { buildSmall } from '../../testing/images/build.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { startImageRegistry } from '../../testing/registries/image-registry.ts'
import { pullAlone } from './engine-alone.ts'

export type Registry = Awaited<ReturnType<typeof startImageRegistry>>

export interface Bed {
  lotan: Lotan
  registry: Registry
  /** An image that answers as soon as it runs. */
  image: string
  /** Containers started without Lotan: they are removed at the end. */
  alone: string[]
}

interface Options {
  /** They are here already, all of one small image. */
  tags?: string[]
  /** The registry lists them, all of the same image, and Lotan knows it. */
  listed?: string[]
  /** Settings beside the harness's. */
  env?: Record<string, string>
}

export async function withLotan<T>(options: Options, measure: (bed: Bed) => Promise<T>): Promise<T> {
  const bed = await openBed(options)
  try {
    return await measure(bed)
  } finally {
    await bed.close()
  }
}

export async function openBed({ tags = [], listed = [], env }: Options): Promise<Bed & { close: () => Promise<void> }> {
  const registry = await startImageRegistry()
  const image = `${registry.repository}:bench`
  if (listed.length > 0) {
    await publishSmall(image, 'bench')
    registry.multiply('bench', listed)
    await pullAlone(image)
  } else await buildSmall(image, 'bench')
  for (const tag of tags) await tagByHand(image, `${registry.repository}:${tag}`)
  const lotan = await startLotan({ repository: registry.repository, env })
  const alone: string[] = []
  if (listed.length > 0)
    await until('the tags are known', () => lotan.store.offered('').length >= listed.length, { every: 200 })
  return {
    lotan,
    registry,
    image,
    alone,
    async close() {
      for (const id of alone) await removeByHand(id)
      await lotan.stop()
      await registry.close()
    },
  }
}
