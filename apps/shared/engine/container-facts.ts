/** What the engine says of the instance's containers, and of its sandboxes. */
import type Docker from 'dockerode'
import { call, readAnswer, undefinedIfMissing } from './call.ts'
import { isPort } from '../slots/slots.ts'
import { idOf, splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'
import { containerName, readContainerName, readSandboxName } from '../slots/container-name.ts'
import { networkName } from '../slots/slots.ts'
import { previewLabels, previewOf } from './preview-labels.ts'

/** The label with the id of the image that Lotan made the container from. */
export const MADE_FROM = 'lotan.image'

/** Not `lotan.stack`, which it has from its image. */
export const STACK_SPEC = 'lotan.stack-spec'

/** The label of a container that a person runs one command in: the id of their session. */
export const RUN = 'lotan.run'

export interface Container extends PreviewKey {
  id: string
  name: string
  /** Where its image was pulled from, `HOST/NAME`. */
  reference: string
  generation: number
  /** Also true while paused. */
  running: boolean
  /** `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`. */
  status: string
  image: string
  digest: string | null
  /** Its fixed address on the instance's network, or that of its sandbox. */
  address: string | null
  /** The host port that leads to it while it runs, or to its sandbox. */
  published: number | null
  /** The number of the sandbox whose network it has; null for none, and where that does not run. */
  sandbox: number | null
  /** The port its application was expected on at create. */
  port: number | null
  pulled: boolean
  /** A digest of the services that it was made to go with; null for none. */
  stack: string | null
}

/** Times are milliseconds since 1970, null when it has not happened. */
export interface Inspected {
  id: string
  running: boolean
  status: string
  exitCode: number
  oomKilled: boolean
  startedAt: number | null
  finishedAt: number | null
  pid: number | null
  /** The container whose `/etc/hosts` and `/etc/resolv.conf` it has: its own id, or the sandbox's that it joins. */
  filesOf: string
  memoryLimit: number
  /** Microseconds per period; 0 for no limit. */
  cpuQuota: number
  /** Those of the sandbox that it joins, where it does. */
  address: string | null
  published: number | null
  /** Null where its network is its own, and where the sandbox is gone. */
  sandbox: { number: number; running: boolean } | null
  /** The sandbox that it joins does not run, or is gone: it has no network, and no event tells so. */
  cutOff: boolean
  labels: Record<string, string>
}

export async function list(docker: Docker, instance: string, preview?: PreviewId): Promise<Container[]> {
  return containersIn(await listAll(docker, instance, preview), instance, preview)
}

/** Whatever has the instance's label, and the preview's where that is given. */
export async function listAll(docker: Docker, instance: string, preview?: PreviewId): Promise<Docker.ContainerInfo[]> {
  const own = Object.entries(preview === undefined ? {} : previewLabels(preview)).map(
    ([key, value]) => `${key}=${value}`,
  )
  const label = [`lotan.instance=${instance}`, ...own]
  const found = await call('listing containers', (abort) =>
    docker.listContainers({ all: true, filters: { label }, ...abort }),
  )
  // The image of a copy has the labels of a preview's container, and so has what is run of it.
  return readAnswer('listing containers', () => found.filter((info) => labelsOf(info)[RUN] === undefined))
}

export function containersIn(containers: Docker.ContainerInfo[], instance: string, preview?: PreviewId): Container[] {
  return readAnswer('listing containers', () => {
    const sandboxes = containers.flatMap((info) => toSandbox(info, instance) ?? [])
    return (
      containers
        .flatMap((container) => toContainer(container, instance, sandboxes) ?? [])
        // A container of the nameless repository has no label that the engine could filter by.
        .filter((container) => preview === undefined || idOf(container) === preview)
    )
  })
}

export interface SandboxContainer extends Pick<Container, 'id' | 'running' | 'address' | 'published'> {
  number: number
  /** Whether the network of a container that exists is this one. */
  isJoined: boolean
}

export async function listSandboxes(docker: Docker, instance: string): Promise<SandboxContainer[]> {
  const containers = await call('listing sandboxes', (abort) =>
    docker.listContainers({ all: true, filters: { label: [`lotan.instance=${instance}`] }, ...abort }),
  )
  return readAnswer('listing sandboxes', () => {
    const joined = new Set(containers.map(joinedBy))
    return containers.flatMap((info) => {
      const sandbox = toSandbox(info, instance)
      return sandbox ? [{ ...sandbox, isJoined: joined.has(sandbox.id) }] : []
    })
  })
}

function toSandbox(info: Docker.ContainerInfo, instance: string): Omit<SandboxContainer, 'isJoined'> | undefined {
  const number = readSandboxName(nameOf(info), instance)
  if (number === undefined) return undefined
  return { id: info.Id, number, running: info.State === 'running', ...placeOf(info, instance) }
}

/** The id of the container whose network it has. */
function joinedBy({ HostConfig }: Partial<Docker.ContainerInfo>): string | undefined {
  return /^container:(.+)$/.exec(HostConfig?.NetworkMode ?? '')?.[1]
}

export function nameOf({ Names }: Partial<Docker.ContainerInfo>): string {
  return String(Names?.[0] ?? '').replace(/^\//, '')
}

function placeOf(info: Docker.ContainerInfo, instance: string): Pick<Container, 'address' | 'published'> {
  return {
    address: addressOf(info.NetworkSettings?.Networks?.[networkName(instance)]),
    published: ((info.Ports ?? []) as (Docker.Port | null)[]).find((port) => port?.PublicPort)?.PublicPort ?? null,
  }
}

/**
 * Its name says so: another program may have made labels that say nothing. After a rename by hand its image proves the
 * labels. What a person runs of an image that `docker commit` made has all labels of the preview, and is theirs.
 * @returns undefined for a container that is no preview's of this instance
 */
function whose(name: string, info: Docker.ContainerInfo, instance: string): ReturnType<typeof readContainerName> {
  const named = readContainerName(name, instance)
  const labels = labelsOf(info)
  const id = previewOf(labels)
  if (named || id === undefined || labels[MADE_FROM] !== info.ImageID) return named
  return readContainerName(containerName(instance, id, Number(labels['lotan.generation'])), instance)
}

export function labelsOf({ Labels }: Partial<Docker.ContainerInfo>): Record<string, string> {
  return (Labels as Record<string, string> | null | undefined) ?? {}
}

function toContainer(
  info: Docker.ContainerInfo,
  instance: string,
  sandboxes: Omit<SandboxContainer, 'isJoined'>[],
): Container | undefined {
  const name = nameOf(info)
  const named = whose(name, info, instance)
  if (!named) return undefined
  const labels = labelsOf(info)
  const port = Number(labels['lotan.port'])
  const joins = joinedBy(info)
  const sandbox = sandboxes.find(({ id, running }) => id === joins && running)
  const { address, published } = sandbox ?? placeOf(info, instance)
  return {
    id: info.Id,
    name,
    ...splitId(named.id),
    reference: labels['lotan.repository'] ?? '',
    generation: named.generation,
    running: info.State === 'running' || info.State === 'paused',
    status: info.State,
    image: info.ImageID,
    digest: labels['lotan.digest'] ?? null,
    address,
    published,
    sandbox: sandbox?.number ?? null,
    port: isPort(port) ? port : null,
    pulled: labels['lotan.pulled'] === 'true',
    stack: labels[STACK_SPEC] ?? null,
  }
}

/** The configured address first: a stopped container has no current one. */
function addressOf(endpoint: { IPAMConfig?: unknown; IPAddress?: string } | undefined): string | null {
  const configured = endpoint?.IPAMConfig as { IPv4Address?: string } | null | undefined
  return configured?.IPv4Address || endpoint?.IPAddress || null
}

type Bindings = Record<string, { HostPort?: string }[] | null> | null | undefined

function publishedOf(bindings: Bindings): number | null {
  const [first] = Object.values(bindings ?? {}).flatMap((bound) => bound ?? [])
  return Number(first?.HostPort) || null
}

export async function inspect(docker: Docker, instance: string, id: string): Promise<Inspected | undefined> {
  const info = await undefinedIfMissing(inspectOnce(docker, id))
  if (!info) return undefined
  const joins = readAnswer(`inspecting ${id}`, () => /^container:(.+)$/.exec(info.HostConfig.NetworkMode ?? '')?.[1])
  const place = joins ? await undefinedIfMissing(inspectOnce(docker, joins)) : info
  return readAnswer(`inspecting ${id}`, () => toInspected(info, place, joins, instance))
}

/** @param place the container whose network it has: its own, but where it `joins` another's */
function toInspected(
  info: Docker.ContainerInspectInfo,
  place: Docker.ContainerInspectInfo | undefined,
  joins: string | undefined,
  instance: string,
): Inspected {
  const { State: state } = info
  const number = joins && place ? readSandboxName(place.Name.replace(/^\//, ''), instance) : undefined
  return {
    id: info.Id,
    running: state.Running,
    status: state.Status,
    exitCode: state.ExitCode,
    oomKilled: state.OOMKilled,
    startedAt: time(state.StartedAt),
    finishedAt: time(state.FinishedAt),
    pid: state.Pid || null,
    filesOf: joins ?? info.Id,
    memoryLimit: info.HostConfig.Memory ?? 0,
    cpuQuota: info.HostConfig.CpuQuota ?? 0,
    address: addressOf(place?.NetworkSettings?.Networks?.[networkName(instance)]),
    published: publishedOf(place?.HostConfig.PortBindings as Bindings),
    sandbox: place && number !== undefined ? { number, running: place.State.Running } : null,
    cutOff: joins !== undefined && !place?.State.Running,
    labels: info.Config.Labels ?? {},
  }
}

function inspectOnce(docker: Docker, id: string): Promise<Docker.ContainerInspectInfo> {
  return call(`inspecting ${id}`, (abort) => docker.getContainer(id).inspect({ ...abort }))
}

/** The engine writes the year 1 for "never". */
function time(text: string): number | null {
  const at = Date.parse(text)
  return at > 0 ? at : null
}
