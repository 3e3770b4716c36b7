/** The engine's images. */
import type Docker from 'dockerode'
import { call } from './call.ts'
import { EngineError } from './error.ts'
import type { Image } from '../preview/preview.ts'

const REMOVE_MS = 120_000
/** What an image says of itself is kept in the database and read with every look at a preview, so it has to be short. */
const MOST_LABELS = 50
const LONGEST_LABEL = 2_000
const MOST_PORTS = 10

/**
 * An image by its name or id, or undefined when it is not there. Whether Lotan pulled it the engine cannot know; and of
 * several digests that it was pulled by, by which one its tag has now.
 *
 * @param digests those that the tag may have, the likeliest first: one that the image was pulled by is taken
 */
export async function findImage(
  docker: Docker,
  reference: string,
  digests: (string | null | undefined)[] = [],
): Promise<Image | undefined> {
  const info = await inspect(docker, reference)
  if (!info) return undefined
  const { Labels: labels, ExposedPorts: exposed } = info.Config ?? {}
  const repository = reference.slice(0, reference.lastIndexOf(':'))
  const known = [...(info.RepoDigests ?? [])].sort(
    (a, b) => Number(b.startsWith(`${repository}@`)) - Number(a.startsWith(`${repository}@`)),
  )
  const all = known.map((name) => name.slice(name.indexOf('@') + 1))
  return {
    id: info.Id,
    digest: digests.find((digest) => digest && all.includes(digest)) ?? all[0] ?? null,
    pulled: false,
    bytes: info.Size,
    created: info.Created || null,
    labels: keptLabels(labels ?? {}),
    ports: Object.keys(exposed ?? {})
      .filter((port) => !port.endsWith('/udp') && !port.endsWith('/sctp'))
      .map((port) => Number.parseInt(port, 10))
      .sort((a, b) => a - b)
      .slice(0, MOST_PORTS),
  }
}

/**
 * The names an image has, `HOST/NAME:TAG`; none where a newer image has taken them over. undefined when the image is
 * not there.
 */
export async function namesOf(docker: Docker, reference: string): Promise<string[] | undefined> {
  const info = await inspect(docker, reference)
  return info && (info.RepoTags ?? []).filter((name) => name !== '<none>:<none>')
}

/** The names an image has by its digests, `HOST/NAME@DIGEST`: one for each digest that it was pulled by. */
export async function digestNamesOf(docker: Docker, reference: string): Promise<string[]> {
  const info = await inspect(docker, reference)
  return (info?.RepoDigests ?? []).filter((name) => !name.startsWith('<none>'))
}

/** The layers an image consists of, lowest first, by the digests of their unpacked content. */
export async function layersOf(docker: Docker, reference: string): Promise<string[] | undefined> {
  const info = await inspect(docker, reference)
  return info && (info.RootFS?.Layers ?? [])
}

/** What an image runs, entry point first; undefined when the image is not there. */
export async function programOf(docker: Docker, reference: string): Promise<string[] | undefined> {
  const info = await inspect(docker, reference)
  return info && [info.Config?.Entrypoint ?? [], info.Config?.Cmd ?? []].flat()
}

/**
 * Takes a name off an image, and the image off the disk when that was its last one. Never by force: an image that a
 * container needs stays.
 */
export async function removeImage(docker: Docker, reference: string): Promise<'removed' | 'in-use' | 'gone'> {
  try {
    await call('removing an image', (asked) => docker.getImage(reference).remove({ ...asked }), {
      ms: REMOVE_MS,
    })
    return 'removed'
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    if (error.code === 'missing') return 'gone'
    if ((error.cause as { statusCode?: number } | undefined)?.statusCode === 409) return 'in-use'
    throw error
  }
}

/** The labels that Lotan reads: its own, and where the image comes from. One that is too long cannot be used. */
export function keptLabels(labels: Record<string, string>): Record<string, string> {
  const known = Object.entries(labels).filter(
    ([name]) => name.length < 100 && /^(lotan|org\.opencontainers\.image)\./.test(name),
  )
  const own = known.toSorted(([a], [b]) => (a < b ? -1 : 1)).slice(0, MOST_LABELS)
  return Object.fromEntries(own.map(([name, text]) => [name, text.slice(0, LONGEST_LABEL)]))
}

async function inspect(docker: Docker, reference: string): Promise<Docker.ImageInspectInfo | undefined> {
  try {
    return await call(`inspecting ${reference}`, (asked) => docker.getImage(reference).inspect({ ...asked } as object))
  } catch (error) {
    if (error instanceof EngineError && error.code === 'missing') return undefined
    throw error
  }
}
