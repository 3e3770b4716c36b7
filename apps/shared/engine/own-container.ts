import type Docker from 'dockerode'
import { call, readAnswer } from './call.ts'
import * as containers from './containers.ts'
import { EngineError } from './error.ts'
import { output } from './output.ts'
import { networkName } from '../slots/slots.ts'

const ONCE_MS = 30_000

export interface OwnContainer {
  id: string
  image: string
  /** In the network namespace of the engine's machine. */
  onHost: boolean
  /** On the instance's network; null where it has not joined. */
  address: string | null
  outer: { network: string; address: string } | null
}

/** Follows `network_mode: container:ID` to the container whose network Lotan uses. */
export async function ownContainer(docker: Docker, instance: string, id: string): Promise<OwnContainer | undefined> {
  const abort = call(`inspecting ${id}`, (abort) => docker.getContainer(id).inspect({ ...abort }))
  const info = await abort.catch((error: EngineError) => {
    if (error.code !== 'missing') throw error
  })
  if (!info) return undefined
  const mode = readAnswer(`inspecting ${id}`, () => String(info.HostConfig.NetworkMode ?? ''))
  if (mode.startsWith('container:')) return ownContainer(docker, instance, mode.slice('container:'.length))
  return readAnswer(`inspecting ${id}`, () => toOwn(info, mode, instance))
}

function toOwn(info: Docker.ContainerInspectInfo, mode: string, instance: string): OwnContainer {
  const networks = info.NetworkSettings.Networks
  const outer = Object.entries(networks).find(([name, { IPAddress }]) => name !== networkName(instance) && IPAddress)
  return {
    id: info.Id,
    image: info.Image,
    onHost: mode === 'host',
    address: networks[networkName(instance)]?.IPAddress || null,
    outer: outer ? { network: outer[0], address: outer[1].IPAddress } : null,
  }
}

/** @throws EngineError `missing` where there is no network */
export async function bridgeOf(docker: Docker, instance: string): Promise<string> {
  const filters = { name: [networkName(instance)] }
  const networks = await call('listing networks', (abort) => docker.listNetworks({ filters, ...abort }))
  const bridge = readAnswer('listing networks', () => {
    const network = networks.find(({ Name }) => Name === networkName(instance))
    return network && (network.Options?.['com.docker.network.bridge.name'] ?? `br-${network.Id.slice(0, 12)}`)
  })
  if (bridge === undefined) throw new EngineError('missing', `there is no network ${networkName(instance)}`)
  return bridge
}

/** A container with NET_ADMIN runs the script. @throws EngineError with the script's output */
export async function runOnHost(docker: Docker, instance: string, image: string, script: string): Promise<void> {
  const name = `lotan-firewall-${instance}`
  // Left by an interrupted run.
  await containers.remove(docker, name)
  const id = await containers.create(docker, {
    name,
    Image: image,
    Entrypoint: ['sh', '-c', script],
    Cmd: [],
    Labels: { 'lotan.managed': 'true', 'lotan.instance': instance },
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      NetworkMode: 'host',
      UsernsMode: 'host',
      CapDrop: ['ALL'],
      // NET_RAW is for the older variant of iptables.
      CapAdd: ['NET_ADMIN', 'NET_RAW'],
      SecurityOpt: ['no-new-privileges'],
      Memory: 128 * 1024 ** 2,
    },
  })
  try {
    await containers.start(docker, id)
    const code = await containers.wait(docker, id, AbortSignal.timeout(ONCE_MS))
    if (code === 0) return
    const written = (await output(docker, id, 5)).join('; ')
    throw new EngineError('start-failed', written || `status ${code}`)
  } finally {
    await containers.remove(docker, id)
  }
}
