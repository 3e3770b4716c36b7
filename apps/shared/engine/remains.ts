/** What an instance has on the engine, found by its label alone: also where its database is lost. */
import type Docker from 'dockerode'
import { readStackNetworkName } from '../slots/container-name.ts'
import { networkName } from '../slots/slots.ts'
import { call, readAnswer } from './call.ts'
import { EngineError } from './error.ts'

/** Names that Lotan gives to the images it builds. */
const BUILT = 'lotan-sandbox'

export interface Remains {
  containers: { id: string; name: string }[]
  networks: { id: string; name: string }[]
  /** `lotan-sandbox:HASH`: all Lotans of an engine share them. */
  built: string[]
  /** Other Lotans have something here. */
  others: boolean
}

export async function remainsOf(docker: Docker, instance: string): Promise<Remains> {
  const label = ['lotan.instance']
  const reference = [BUILT]
  const [containers, networks, images] = await Promise.all([
    call('listing containers', (abort) => docker.listContainers({ all: true, filters: { label }, ...abort })),
    call('listing networks', (abort) => docker.listNetworks({ filters: { label }, ...abort })),
    call('listing images', (abort) => docker.listImages({ filters: { reference }, ...abort })),
  ])
  return readAnswer('listing', () => {
    const isOurs = ({ Labels }: { Labels?: Record<string, string> | null }) => Labels?.['lotan.instance'] === instance
    return {
      containers: containers.filter(isOurs).map(({ Id, Names }) => ({ id: Id, name: (Names[0] ?? Id).slice(1) })),
      networks: networks
        .filter((network) => isOurs(network) && isNetworkOf(network.Name, instance))
        .map(({ Id, Name }) => ({ id: Id, name: Name })),
      built: images.flatMap(({ RepoTags }) => RepoTags ?? []).filter((name) => name.startsWith(`${BUILT}:`)),
      others: !containers.every(isOurs) || !networks.every(isOurs),
    }
  })
}

function isNetworkOf(name: string, instance: string): boolean {
  return name === networkName(instance) || readStackNetworkName(name, instance) !== undefined
}

interface Inspects {
  inspect(options: object): Promise<{ Containers?: Record<string, unknown> }>
}

/** Containers on it leave it first. One that is gone is no error. @param id or its name */
export async function removeNetwork(docker: Docker, id: string): Promise<void> {
  const network = docker.getNetwork(id)
  try {
    const { Containers } = await call('inspecting the network', (abort) =>
      (network as unknown as Inspects).inspect({ ...abort }),
    )
    for (const Container of Object.keys(Containers ?? {}))
      await call('leaving the network', (abort) => network.disconnect({ Container, Force: true, ...abort }))
    await call('removing the network', (abort) => network.remove({ ...abort }))
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'missing') throw error
  }
}
