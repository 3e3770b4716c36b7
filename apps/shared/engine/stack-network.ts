/** A preview's stack has a network of its own, and no way out of it. */
import type Docker from 'dockerode'
import type { PreviewId } from '../preview/preview-id.ts'
import { readStackNetworkName, stackBridgePrefix, stackNetworkName } from '../slots/container-name.ts'
import { call, readAnswer } from './call.ts'
import { EngineError } from './error.ts'
import { networksOfThisMachine, subnetsOf } from './network.ts'
import { previewLabels, previewOf } from './preview-labels.ts'

export interface StackNetwork {
  name: string
  number: number
  preview: PreviewId | undefined
  subnet: string | undefined
}

export interface StackNetworkPlan {
  number: number
  preview: PreviewId
  subnet: string
}

export interface Endpoint {
  aliases?: string[]
  /** Null: the engine chooses one. */
  address?: string | null
}

/** `taken`: the subnets of other networks, the engine's and this machine's. */
export async function listStackNetworks(
  docker: Docker,
  instance: string,
): Promise<{ own: StackNetwork[]; taken: string[] }> {
  const networks = await call('listing networks', (abort) => docker.listNetworks({ ...abort }))
  return readAnswer('listing networks', () => {
    const own: StackNetwork[] = []
    const taken = networksOfThisMachine((name) => isBridge(name, instance))
    for (const network of networks) {
      const number = readStackNetworkName(network.Name, instance)
      if (number === undefined) taken.push(...subnetsOf(network))
      else
        own.push({
          name: network.Name,
          number,
          preview: previewOf(network.Labels ?? {}),
          subnet: subnetsOf(network)[0],
        })
    }
    return { own, taken }
  })
}

/** Those with a container of any kind, in any state: applications, services and what else is labelled as theirs. */
export async function previewsWithContainers(docker: Docker, instance: string): Promise<Set<PreviewId>> {
  const filters = { label: [`lotan.instance=${instance}`] }
  const found = await call('listing containers', (abort) => docker.listContainers({ all: true, filters, ...abort }))
  return readAnswer('listing containers', () => new Set(found.flatMap(({ Labels }) => previewOf(Labels) ?? [])))
}

function isBridge(name: string, instance: string): boolean {
  const prefix = stackBridgePrefix(instance)
  return name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length))
}

/** @returns false where name, bridge or subnet is another's */
export async function createStackNetwork(
  docker: Docker,
  instance: string,
  { number, preview, subnet }: StackNetworkPlan,
): Promise<boolean> {
  const made = call('creating the network', (abort) =>
    docker.createNetwork({
      Name: stackNetworkName(instance, number),
      Driver: 'bridge',
      Internal: true,
      EnableIPv6: false,
      CheckDuplicate: true,
      IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] },
      Options: { 'com.docker.network.bridge.name': `${stackBridgePrefix(instance)}${number}` },
      Labels: { 'lotan.managed': 'true', 'lotan.instance': instance, ...previewLabels(preview) },
      ...abort,
    }),
  )
  return made.then(
    () => true,
    (error: EngineError) => {
      if (/already exists|overlap|conflicts with network/i.test(error.message)) return false
      throw error
    },
  )
}

interface Networks {
  NetworkSettings: { Networks: Record<string, Joined> }
}
type Joined = { EndpointID: string; IPAMConfig?: { IPv4Address?: string } | null }

/**
 * Connects a container, whether it runs or not. One that is connected so already is no error.
 * @throws EngineError `missing` where there is no such network or container
 */
export async function connect(
  docker: Docker,
  network: string,
  container: string,
  { aliases = [], address = null }: Endpoint,
): Promise<void> {
  const EndpointConfig = { Aliases: aliases, ...(address !== null && { IPAMConfig: { IPv4Address: address } }) }
  const join = () =>
    call('joining the network', (abort) =>
      docker.getNetwork(network).connect({ Container: container, EndpointConfig, ...abort }),
    )
  try {
    // The engine takes it for done where a container that does not run is connected already, at whatever address.
    if (address === null) return void (await join())
  } catch (error) {
    if (!(error instanceof EngineError) || !/already exists in network/.test(error.message)) throw error
  }
  const joined = await joinedOf(docker, network, container)
  if (joined?.EndpointID && (address === null || joined.IPAMConfig?.IPv4Address === address)) return
  // An endpoint of its name that an engine left when it crashed, or one elsewhere.
  await call('leaving the network', (abort) =>
    docker.getNetwork(network).disconnect({ Container: container, Force: true, ...abort }),
  ).catch((error: EngineError) => {
    if (!/is not connected/.test(error.message)) throw error
  })
  await join()
}

async function joinedOf(docker: Docker, network: string, container: string): Promise<Joined | undefined> {
  const found = await call(`inspecting ${container}`, (abort) =>
    (docker.getContainer(container) as unknown as { inspect(options: object): Promise<Networks> }).inspect({
      ...abort,
    }),
  )
  return readAnswer(`inspecting ${container}`, () => found.NetworkSettings.Networks[network])
}
