/** The container that Lotan itself runs in, where it runs in one, and what it needs the engine to do for it. */
import type Docker from 'dockerode'
import { call } from './call.ts'
import * as containers from './containers.ts'
import { EngineError } from './error.ts'
import { output } from './output.ts'
import { networkName } from '../slots/slots.ts'

const ONCE_MS = 30_000

/** A container of this engine that may be no preview. */
export interface OwnContainer {
  id: string
  /** The id of its image. */
  image: string
  /** It has no network namespace of its own, but the engine's machine's. */
  onHost: boolean
  /** Its address on the instance's network; null where it is not on it. */
  address: string | null
  /** Another network that it is on, and its address there; null where there is none. */
  outer: { network: string; address: string } | null
}

/**
 * The container whose network Lotan uses: the one with this id, or the one whose network that one has joined.
 * @returns undefined where the engine knows no such container
 */
export async function ownContainer(docker: Docker, instance: string, id: string): Promise<OwnContainer | undefined> {
  const asked = call(`inspecting ${id}`, (asked) => docker.getContainer(id).inspect({ ...asked }))
  const info = await asked.catch((error: EngineError) => {
    if (error.code !== 'missing') throw error
  })
  if (!info) return undefined
  const mode = info.HostConfig.NetworkMode ?? ''
  if (mode.startsWith('container:')) return ownContainer(docker, instance, mode.slice('container:'.length))
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

/** The name of the network's interface on the engine's machine. @throws EngineError `missing` when there is no network */
export async function bridgeOf(docker: Docker, instance: string): Promise<string> {
  const filters = { name: [networkName(instance)] }
  const networks = await call('listing networks', (asked) => docker.listNetworks({ filters, ...asked }))
  const network = networks.find(({ Name }) => Name === networkName(instance))
  if (!network) throw new EngineError('missing', `there is no network ${networkName(instance)}`)
  return network.Options?.['com.docker.network.bridge.name'] ?? `br-${network.Id.slice(0, 12)}`
}

/**
 * Runs a script for `sh` on the engine's machine, with the right to change its network, in a container that is gone
 * afterwards.
 * @throws EngineError with what the script wrote, when it failed
 */
export async function runOnHost(docker: Docker, instance: string, image: string, script: string): Promise<void> {
  const name = `lotan-firewall-${instance}`
  // One that was cut off.
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
      // The second one is for the older of the two kinds of iptables.
      CapAdd: ['NET_ADMIN', 'NET_RAW'],
      SecurityOpt: ['no-new-privileges'],
      Memory: 128 * 1024 ** 2,
    },
  })
  try {
    await containers.start(docker, id)
    const code = await containers.wait(docker, id, AbortSignal.timeout(ONCE_MS))
    if (code === 0) return
    const said = (await output(docker, id, 5)).join('; ')
    throw new EngineError('start-failed', said || `status ${code}`)
  } finally {
    await containers.remove(docker, id)
  }
}
