import type Docker from 'dockerode'
import { REQUEST_MS, call, readAnswer, undefinedIfMissing } from './call.ts'
import { EngineError } from './error.ts'
import { networkName } from '../slots/slots.ts'

/** A start is most of the engine's work, and slow under load. */
const START_MS = 60_000
const REMOVE_MS = 60_000

export type CreateOptions = Docker.ContainerCreateOptions

/** @throws EngineError `taken` where another container has the name, `missing` where the image is not there */
export async function create(docker: Docker, options: CreateOptions): Promise<string> {
  const container = await call('creating', (abort) => docker.createContainer({ ...options, ...abort }), {
    ms: START_MS,
    kind: 'create',
  })
  return container.id
}

/** What another one like it is made with, without its name, labels, network and ports. @throws EngineError `missing` */
export async function madeWith(docker: Docker, id: string): Promise<CreateOptions> {
  const found = await call(`inspecting ${id}`, (abort) => docker.getContainer(id).inspect({ ...abort }))
  return readAnswer(`inspecting ${id}`, () => {
    const { Config: config, Image } = found
    const HostConfig = { ...found.HostConfig, PortBindings: undefined, ExtraHosts: undefined }
    const { Env, User, WorkingDir, Entrypoint, StopSignal, Healthcheck } = config as Docker.ContainerCreateOptions
    return { Image, Env, User, WorkingDir, Entrypoint, StopSignal, Healthcheck, HostConfig }
  })
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
export async function kill(docker: Docker, id: string, signal = 'SIGKILL'): Promise<void> {
  await call('killing', (abort) => docker.getContainer(id).kill({ signal, ...abort })).catch(ignoreStatus(404, 409))
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

function ignoreStatus(...statuses: number[]) {
  return (error: unknown): void => {
    const { statusCode } = ((error as Error).cause ?? {}) as { statusCode?: number }
    if (statusCode === undefined || !statuses.includes(statusCode)) throw error
  }
}
