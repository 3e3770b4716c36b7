import type Docker from 'dockerode'
import { REQUEST_MS, call } from './call.ts'
import { EngineError } from './error.ts'
import { idOf, splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'
import { readContainerName } from '../slots/container-name.ts'
import { networkName } from '../slots/slots.ts'
import { previewLabels, previewOf } from './preview-labels.ts'

/** A start is most of the engine's work, and slow under load. */
const START_MS = 60_000
const REMOVE_MS = 60_000

export type CreateOptions = Docker.ContainerCreateOptions

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
  address: string | null
  /** The host's port, while it runs. */
  published: number | null
  /** The port its application was expected on at create. */
  port: number | null
  pulled: boolean
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
  memoryLimit: number
  /** Microseconds per period; 0 for no limit. */
  cpuQuota: number
  address: string | null
  published: number | null
  labels: Record<string, string>
}

export async function list(docker: Docker, instance: string, preview?: PreviewId): Promise<Container[]> {
  const own = Object.entries(preview === undefined ? {} : previewLabels(preview)).map(
    ([key, value]) => `${key}=${value}`,
  )
  const label = [`lotan.instance=${instance}`, ...own]
  const containers = await call('listing containers', (abort) =>
    docker.listContainers({ all: true, filters: { label }, ...abort }),
  )
  return (
    containers
      .map((container) => toContainer(container, instance))
      .filter(({ name }) => readContainerName(name, instance) !== undefined)
      // A container of the nameless repository has no label that the engine could filter by.
      .filter((container) => preview === undefined || idOf(container) === preview)
  )
}

function toContainer(info: Docker.ContainerInfo, instance: string): Container {
  const { Labels: labels } = info
  const endpoint = info.NetworkSettings?.Networks?.[networkName(instance)]
  return {
    id: info.Id,
    name: (info.Names[0] ?? '').replace(/^\//, ''),
    ...splitId(previewOf(labels) ?? ''),
    reference: labels['lotan.repository'] ?? '',
    generation: Number(labels['lotan.generation']),
    running: info.State === 'running' || info.State === 'paused',
    status: info.State,
    image: info.ImageID,
    digest: labels['lotan.digest'] ?? null,
    address: addressOf(endpoint),
    published: info.Ports.find(({ PublicPort }) => PublicPort)?.PublicPort ?? null,
    port: labels['lotan.port'] ? Number(labels['lotan.port']) : null,
    pulled: labels['lotan.pulled'] === 'true',
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
  const abort = call(`inspecting ${id}`, (abort) => docker.getContainer(id).inspect({ ...abort }))
  const info = await undefinedIfMissing(abort)
  if (!info) return undefined
  const { State: state } = info
  const endpoint = info.NetworkSettings.Networks[networkName(instance)]
  return {
    id: info.Id,
    running: state.Running,
    status: state.Status,
    exitCode: state.ExitCode,
    oomKilled: state.OOMKilled,
    startedAt: time(state.StartedAt),
    finishedAt: time(state.FinishedAt),
    pid: state.Pid || null,
    memoryLimit: info.HostConfig.Memory ?? 0,
    cpuQuota: info.HostConfig.CpuQuota ?? 0,
    address: addressOf(endpoint),
    published: publishedOf(info.HostConfig.PortBindings as Bindings),
    labels: info.Config.Labels ?? {},
  }
}

/** @throws EngineError `taken` where another container has the name, `missing` where the image is not there */
export async function create(docker: Docker, options: CreateOptions): Promise<string> {
  const container = await call('creating', (abort) => docker.createContainer({ ...options, ...abort }), {
    ms: START_MS,
    kind: 'create',
  })
  return container.id
}

export async function start(docker: Docker, id: string): Promise<void> {
  await call('starting', (abort) => docker.getContainer(id).start({ ...abort }), {
    ms: START_MS,
    kind: 'start',
  }).catch(ignoreStatus(304))
}

/** Sends SIGKILL after `timeout` seconds. A container that does not run, or does not exist, is no error. */
export async function stop(docker: Docker, id: string, timeout = 10): Promise<void> {
  await call('stopping', (abort) => docker.getContainer(id).stop({ t: timeout, ...abort }), {
    ms: REQUEST_MS + timeout * 1000,
  }).catch(ignoreStatus(304, 404))
}

/** Also while paused. A container that does not run, or does not exist, is no error. */
export async function kill(docker: Docker, id: string): Promise<void> {
  await call('killing', (abort) => docker.getContainer(id).kill({ signal: 'SIGKILL', ...abort })).catch(
    ignoreStatus(404, 409),
  )
}

/** Also applies to its next start. @param quota microseconds per period */
export async function setCpuQuota(docker: Docker, id: string, quota: number): Promise<void> {
  await call(`updating ${id}`, (abort) => docker.getContainer(id).update({ CpuQuota: quota, ...abort }))
}

export async function pause(docker: Docker, id: string): Promise<void> {
  await call('pausing', (abort) => docker.getContainer(id).pause({ ...abort })).catch((error: unknown) => {
    if (!/already paused/i.test((error as Error).message)) throw error
  })
}

/** @returns whether it was paused; if not, it may run or have ended */
export async function unpause(docker: Docker, id: string): Promise<boolean> {
  try {
    await call('waking', (abort) => docker.getContainer(id).unpause({ ...abort }))
    return true
  } catch (error) {
    if (/is not paused/i.test((error as Error).message)) return false
    throw error
  }
}

/** Removes its volumes too. A container that does not exist, or is being removed, is no error. */
export async function remove(docker: Docker, id: string): Promise<void> {
  await call('removing', (abort) => docker.getContainer(id).remove({ force: true, v: true, ...abort }), {
    ms: REMOVE_MS,
  }).catch(ignoreStatus(404, 409))
}

/** @returns the exit code; null where the container was removed */
export async function wait(docker: Docker, id: string, signal?: AbortSignal): Promise<number | null> {
  const waited = call('waiting', (abort) => docker.getContainer(id).wait({ ...abort }), { ms: 0, signal })
  const answer = (await undefinedIfMissing(waited)) as { StatusCode: number } | undefined
  return answer ? answer.StatusCode : null
}

/** For a stopped container. null for any address. */
export async function moveTo(docker: Docker, instance: string, id: string, address: string | null): Promise<void> {
  const network = docker.getNetwork(networkName(instance))
  await call('leaving the address', (abort) => network.disconnect({ Container: id, Force: true, ...abort })).catch(
    (error: unknown) => {
      // The network was made anew since.
      if (!(error instanceof EngineError) || !/is not connected/.test(error.message)) throw error
    },
  )
  await call('taking the address', (abort) =>
    network.connect({
      Container: id,
      EndpointConfig: address === null ? {} : { IPAMConfig: { IPv4Address: address } },
      ...abort,
    }),
  )
}

/** Bytes, without page cache that the kernel can drop; undefined when it does not run. */
export async function memory(docker: Docker, id: string): Promise<{ memory: number; limit: number } | undefined> {
  const abort = call('measuring', (abort) =>
    docker.getContainer(id).stats({ stream: false, 'one-shot': true, ...abort }),
  )
  const { usage, limit, stats } = (await undefinedIfMissing(abort))?.memory_stats ?? {}
  if (usage === undefined || limit === undefined) return undefined
  // By control groups of version 1, then 2.
  const cache = stats?.total_inactive_file ?? stats?.inactive_file ?? 0
  return { memory: Math.max(0, usage - cache), limit }
}

async function undefinedIfMissing<T>(abort: Promise<T>): Promise<T | undefined> {
  try {
    return await abort
  } catch (error) {
    if (error instanceof EngineError && error.code === 'missing') return undefined
    throw error
  }
}

function ignoreStatus(...statuses: number[]) {
  return (error: unknown): void => {
    const { statusCode } = ((error as Error).cause ?? {}) as { statusCode?: number }
    if (statusCode === undefined || !statuses.includes(statusCode)) throw error
  }
}

/** The engine writes the year 1 for "never". */
function time(text: string): number | null {
  const at = Date.parse(text)
  return at > 0 ? at : null
}
