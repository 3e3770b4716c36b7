/** The container engine, limited to one instance: containers without its label are neither listed nor touched. */
import type { Agent } from 'node:http'
import https from 'node:https'
import type { Readable } from 'node:stream'
import { inspect } from 'node:util'
import Docker from 'dockerode'
import { http } from '../http.ts'
import type { Config } from '../config/config.ts'
import { call } from './call.ts'
import * as facts from './container-facts.ts'
import * as containers from './containers.ts'
import { commit, copyImagesOf } from './copies.ts'
import { copyVolume, removeHelpers, removeLabelled, type VolumeCopy } from './copy-volume.ts'
import { openDisk } from './disk.ts'
import { openMemory } from './memory.ts'
import { events } from './events.ts'
import { readArchive, statFile, writeArchive } from './archive.ts'
import { withCommands } from './with-commands.ts'
import { attach, startCommand, type Command, type Size } from './interactive.ts'
import { exec } from './exec.ts'
import { openRefusedForks } from './forks.ts'
import { openGroup } from './control-group.ts'
import { writeHosts } from './hosts.ts'
import {
  digestNamesOf,
  findImage,
  imageRun,
  imageSizes,
  layersOf,
  listImages,
  namesOf,
  programOf,
  removeImage,
} from './images.ts'
import { ensureNetwork } from './network.ts'
import { bridgeOf, ownContainer, runOnHost } from './own-container.ts'
import { logs, output, type LogOptions } from './output.ts'
import { build, pull, push, tagImage, type PullOptions } from './pull.ts'
import { openUsage } from './usage.ts'
import { remainsOf, removeNetwork } from './remains.ts'
import { createVolume, listVolumes, mountpointOf, removeVolume } from './volumes.ts'
import { listBoth, listServices } from './services.ts'
import { openVolumeBytes } from './volume-bytes.ts'
import { openWritten } from './written.ts'
import {
  connect,
  createStackNetwork,
  listStackNetworks,
  previewsWithContainers,
  type Endpoint,
  type StackNetworkPlan,
} from './stack-network.ts'
import type { Login } from '../registry/docker-config.ts'
import type { PreviewId } from '../preview/preview-id.ts'

export { EngineError, type EngineErrorCode } from './error.ts'
export { MADE_FROM, RUN, STACK_SPEC } from './container-facts.ts'
export type { Container, Inspected, SandboxContainer } from './container-facts.ts'
export type { CreateOptions } from './containers.ts'
export type { ImageRun, ImageSize, NamedImage } from './images.ts'
export type { ContainerEvent, EngineEvent } from './events.ts'
export type { Executed } from './exec.ts'
export type { FileStat } from './archive.ts'
export { NOT_FOUND, type Command, type Conversation, type RunningCommand, type Size } from './interactive.ts'
export type { OwnContainer } from './own-container.ts'
export type { Remains } from './remains.ts'
export type { Endpoint, StackNetwork } from './stack-network.ts'
export type { SnapshotFacts, VolumeFacts } from './volume-labels.ts'
export type { FoundVolume } from './volumes.ts'
export { SERVICE, SERVICE_GRACE, SERVICE_LEVEL, type ServiceContainer } from './services.ts'

export type Engine = ReturnType<typeof openEngine>

/** Sends nothing yet. Every function throws EngineError. */
export function openEngine(config: Pick<Config, 'dockerHost' | 'instance'>) {
  const { instance } = config
  const docker = new Docker(address(config.dockerHost))
  const isLocal = config.dockerHost === null || config.dockerHost.startsWith('unix://')
  return {
    version: async (): Promise<string> =>
      (await call('asking the version', (abort) => (docker as WithVersion).version(abort), { ms: 5_000 })).Version,

    /** In the words of manifests: `linux`, `amd64`. */
    platform: async (): Promise<{ os: string; architecture: string }> => {
      const version = await call('asking the platform', (abort) => (docker as WithVersion).version(abort))
      return { os: version.Os, architecture: version.Arch }
    },
    disk: openDisk(docker, isLocal),
    machineMemory: openMemory(docker, isLocal),
    groupParent: openGroup(docker, instance),
    written: openWritten(docker, isLocal),
    refusedForks: openRefusedForks(isLocal),
    usage: openUsage(docker, isLocal),

    list: (preview?: PreviewId) => facts.list(docker, instance, preview),
    listServices: (preview?: PreviewId) => listServices(docker, instance, preview),
    listBoth: (preview?: PreviewId) => listBoth(docker, instance, preview),
    listSandboxes: () => facts.listSandboxes(docker, instance),
    inspect: (id: string) => facts.inspect(docker, instance, id),
    madeWith: (id: string) => containers.madeWith(docker, id),
    output: (id: string, lines: number) => output(docker, id, lines),
    logs: (id: string, options: LogOptions) => logs(docker, id, options),
    events: (signal: AbortSignal, since?: number) => events(docker, instance, signal, since),

    create: (options: containers.CreateOptions) => containers.create(docker, options),
    start: (id: string) => containers.start(docker, id),
    stop: (id: string, timeout?: number) => containers.stop(docker, id, timeout),
    kill: (id: string, signal?: string) => containers.kill(docker, id, signal),
    setCpuQuota: (id: string, quota: number) => containers.setCpuQuota(docker, id, quota),
    pause: (id: string) => containers.pause(docker, id),
    unpause: (id: string) => containers.unpause(docker, id),
    remove: (id: string) => containers.remove(docker, id),
    commit: (id: string, reference: string, labels: Record<string, string>) => commit(docker, id, reference, labels),
    copyImages: () => copyImagesOf(docker, instance),
    exec: (id: string, command: string[], options: Omit<Parameters<typeof exec>[3], 'local'>) =>
      exec(docker, id, command, { ...options, local: isLocal }),
    startCommand: (id: string, command: Command) => startCommand(docker, id, command),
    withCommands: () => withCommands(docker, instance),
    attach: (id: string, terminal: Size) => attach(docker, id, terminal),
    statFile: (id: string, path: string) => statFile(docker, id, path),
    readArchive: (id: string, path: string) => readArchive(docker, id, path),
    writeArchive: (id: string, path: string, tar: Readable, signal?: AbortSignal) =>
      writeArchive(docker, id, path, tar, signal),
    wait: (id: string, signal?: AbortSignal) => containers.wait(docker, id, signal),
    writeHosts: (sandbox: string, address: string, hosts: string[]) => writeHosts(docker, sandbox, address, hosts),
    moveTo: (id: string, connectionOptions: string | null) =>
      containers.moveTo(docker, instance, id, connectionOptions),

    findImage: (reference: string, digests?: (string | null | undefined)[]) => findImage(docker, reference, digests),
    imageSizes: () => imageSizes(docker),
    listImages: () => listImages(docker),
    namesOf: (reference: string) => namesOf(docker, reference),
    digestNamesOf: (reference: string) => digestNamesOf(docker, reference),
    tagImage: (image: string, reference: string) => tagImage(docker, image, reference),
    imageRun: (reference: string) => imageRun(docker, reference),
    layersOf: (reference: string) => layersOf(docker, reference),
    programOf: (reference: string) => programOf(docker, reference),
    removeImage: (reference: string) => removeImage(docker, reference),
    pull: (reference: string, options?: PullOptions) => pull(docker, reference, options),
    push: (reference: string, auth?: Login) => push(docker, reference, auth),
    build: (dir: string, files: string[], reference: string) => build(docker, dir, files, reference),

    listVolumes: (preview?: PreviewId) => listVolumes(docker, instance, preview),
    createVolume: (engine: string, labels: Record<string, string>) => createVolume(docker, engine, labels),
    mountpointOf: (volume: string) => mountpointOf(docker, volume),
    removeVolume: (volume: string) => removeVolume(docker, volume),
    volumeBytes: openVolumeBytes(docker, isLocal),
    copyVolume: (copy: VolumeCopy) => copyVolume(docker, instance, copy),
    removeHelpers: () => removeHelpers(docker, instance),
    removeLabelled: (label: string) => removeLabelled(docker, instance, label),

    remains: () => remainsOf(docker, instance),
    removeNetwork: (id: string) => removeNetwork(docker, id),
    ensureNetwork: (recorded: string | null) => ensureNetwork(docker, instance, recorded),
    bridge: () => bridgeOf(docker, instance),
    listStackNetworks: () => listStackNetworks(docker, instance),
    previewsWithContainers: () => previewsWithContainers(docker, instance),
    createStackNetwork: (network: StackNetworkPlan) => createStackNetwork(docker, instance, network),
    connect: (network: string, container: string, endpoint: Endpoint) => connect(docker, network, container, endpoint),
    ownContainer: (id: string) => ownContainer(docker, instance, id),
    runOnHost: (image: string, script: string) => runOnHost(docker, instance, image, script),
  }
}

interface WithVersion {
  version(options: object): Promise<{ Version: string; Os: string; Arch: string }>
}

/** Connections are not kept: an engine that was restarted would reset them. */
function address(dockerHost: string | null): Docker.DockerOptions & { agent?: Agent } {
  if (dockerHost === null) return { agent: printTersely(new http.Agent()) }
  if (dockerHost.startsWith('unix://'))
    return { socketPath: dockerHost.slice('unix://'.length), agent: printTersely(new http.Agent()) }
  const { protocol, hostname, port } = new URL(dockerHost)
  const secure = protocol === 'https:' || port === '2376'
  return {
    host: hostname,
    port: port || (secure ? 2376 : 2375),
    protocol: secure ? 'https' : 'http',
    agent: printTersely(secure ? new https.Agent() : new http.Agent()),
  }
}

/**
 * The client formats every request, open sockets included, for a debug log that is off. With 20 requests at once that
 * took 9 ms of CPU time each; an agent that prints as a word leaves 0.6 ms.
 */
function printTersely<A extends Agent>(agent: A): A {
  return Object.assign(agent, { [inspect.custom]: () => 'agent' })
}
