import type Docker from 'dockerode'
import { call, readAnswer } from './call.ts'
import { isPort } from '../slots/slots.ts'
import { EngineError } from './error.ts'
import type { Image } from '../preview/preview.ts'
import type { Healthcheck } from '../stack/stack.ts'

const REMOVE_MS = 120_000
/** Labels are stored in the database and read with every preview, so they have to be short. */
const MAX_LABELS = 50
const MAX_LABEL_LENGTH = 2_000
/** A stack may have 16 kB: one that is longer is cut, and by its length known to be too long. */
const STACK_LABEL = 'lotan.stack'
const MAX_STACK_LENGTH = 16 * 1_024 + 1
const MAX_PORTS = 10

/** @param digests the tag's possible digests: the result has the first one that the image was pulled by */
export async function findImage(
  docker: Docker,
  reference: string,
  digests: (string | null | undefined)[] = [],
): Promise<Image | undefined> {
  const info = await inspect(docker, reference)
  return info && readAnswer(`inspecting ${reference}`, () => toImage(info, reference, digests))
}

function toImage(info: Docker.ImageInspectInfo, reference: string, digests: (string | null | undefined)[]): Image {
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
    ports: portsOf(exposed),
  }
}

function portsOf(exposed: object | null | undefined): number[] {
  return (
    Object.keys(exposed ?? {})
      .filter((port) => !port.endsWith('/udp') && !port.endsWith('/sctp'))
      .map((port) => Number.parseInt(port, 10))
      // The image's author wrote them, and no engine checks them.
      .filter(isPort)
      .sort((a, b) => a - b)
      .slice(0, MAX_PORTS)
  )
}

/** Bytes unpacked. `shared`: those of layers that another image has too; null where the engine does not tell. */
export interface ImageSize {
  id: string
  bytes: number
  shared: number | null
}

/** Of all images that are no mere part of another one, in one call. Engines before 23.0 do not tell what is shared. */
export async function imageSizes(docker: Docker): Promise<ImageSize[]> {
  const list = await call('listing images', (abort) => docker.listImages({ 'shared-size': 1, ...abort } as object))
  return readAnswer('listing images', () =>
    // What is no JSON comes as bytes, which can be mapped too.
    Array.from(list).map(({ Id, Size, SharedSize }) => {
      if (typeof Id !== 'string' || typeof Size !== 'number') throw new Error('an image without id or size')
      return { id: Id, bytes: Size, shared: SharedSize >= 0 ? SharedSize : null }
    }),
  )
}

/** An image by all of its names: `postgres:16`, `postgres@sha256:…`. */
export interface NamedImage {
  id: string
  names: string[]
  digestNames: string[]
}

/** In one call. */
export async function listImages(docker: Docker): Promise<NamedImage[]> {
  const list = await call('listing images', (abort) => docker.listImages({ ...abort } as object))
  return readAnswer('listing images', () =>
    Array.from(list).map(({ Id, RepoTags, RepoDigests }) => {
      if (typeof Id !== 'string') throw new Error('an image without id')
      const good = (names: unknown) =>
        (Array.isArray(names) ? names : []).filter(
          (name): name is string => typeof name === 'string' && !name.startsWith('<none>'),
        )
      return { id: Id, names: good(RepoTags), digestNames: good(RepoDigests) }
    }),
  )
}

/** `HOST/NAME:TAG`; none where a newer image has taken them over, undefined where the image does not exist. */
export async function namesOf(docker: Docker, reference: string): Promise<string[] | undefined> {
  const info = await inspect(docker, reference)
  return info && readAnswer('naming', () => (info.RepoTags ?? []).filter((name) => name !== '<none>:<none>'))
}

/** `HOST/NAME@DIGEST`, one for each digest that it was pulled by. */
export async function digestNamesOf(docker: Docker, reference: string): Promise<string[]> {
  const info = await inspect(docker, reference)
  return readAnswer('naming', () => (info?.RepoDigests ?? []).filter((name) => !name.startsWith('<none>')))
}

/** Lowest first, by the digests of their unpacked content. */
export async function layersOf(docker: Docker, reference: string): Promise<string[] | undefined> {
  const info = await inspect(docker, reference)
  return info && (info.RootFS?.Layers ?? [])
}

/** How an image wants to be run. */
export interface ImageRun {
  id: string
  /** Entry point first. */
  entrypoint: string[]
  command: string[]
  /** As a healthcheck of a stack has it, milliseconds; null for none, `'none'` where it says that it has none. */
  healthcheck: Healthcheck | 'none' | null
  /** Those that it exposes. */
  ports: number[]
}

/** What the engine checks with, where an image gives nothing else. */
const CHECK = { interval: 30_000, timeout: 30_000, startPeriod: 0, retries: 3 }

export async function imageRun(docker: Docker, reference: string): Promise<ImageRun | undefined> {
  const info = await inspect(docker, reference)
  return info && readAnswer(`inspecting ${reference}`, () => toRun(info))
}

function toRun({ Id, Config }: Docker.ImageInspectInfo): ImageRun {
  const { Test = [], Interval, Timeout, StartPeriod, Retries } = Config?.Healthcheck ?? {}
  const ms = (nanoseconds: number | undefined, otherwise: number) =>
    nanoseconds ? Math.round(nanoseconds / 1e6) : otherwise
  return {
    id: Id,
    entrypoint: [Config?.Entrypoint ?? []].flat(),
    command: Config?.Cmd ?? [],
    ports: portsOf(Config?.ExposedPorts),
    healthcheck:
      Test.length === 0
        ? null
        : Test[0] === 'NONE'
          ? 'none'
          : {
              test: Test,
              interval: ms(Interval, CHECK.interval),
              timeout: ms(Timeout, CHECK.timeout),
              startPeriod: ms(StartPeriod, CHECK.startPeriod),
              retries: Retries || CHECK.retries,
            },
  }
}

/** Entry point first; undefined where the image does not exist. */
export async function programOf(docker: Docker, reference: string): Promise<string[] | undefined> {
  const info = await inspect(docker, reference)
  return info && [info.Config?.Entrypoint ?? [], info.Config?.Cmd ?? []].flat()
}

/** Removes a name, and the image with its last name. Never by force: an image that a container needs stays. */
export async function removeImage(docker: Docker, reference: string): Promise<'removed' | 'in-use' | 'gone'> {
  try {
    await call('removing an image', (abort) => docker.getImage(reference).remove({ ...abort }), {
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

/** Lotan's own labels and the image's source. A label that is too long cannot be used. */
export function keptLabels(labels: Record<string, string>): Record<string, string> {
  const known = Object.entries(labels).filter(
    ([name]) => name.length < 100 && /^(lotan|org\.opencontainers\.image)\./.test(name),
  )
  const first = (name: string) => (name === STACK_LABEL ? '' : name)
  const own = known.toSorted(([a], [b]) => (first(a) < first(b) ? -1 : 1)).slice(0, MAX_LABELS)
  const most = (name: string) => (name === STACK_LABEL ? MAX_STACK_LENGTH : MAX_LABEL_LENGTH)
  return Object.fromEntries(own.map(([name, text]) => [name, text.slice(0, most(name))]))
}

async function inspect(docker: Docker, reference: string): Promise<Docker.ImageInspectInfo | undefined> {
  try {
    return await call(`inspecting ${reference}`, (abort) => docker.getImage(reference).inspect({ ...abort } as object))
  } catch (error) {
    if (error instanceof EngineError && error.code === 'missing') return undefined
    throw error
  }
}
