/** What the engine is told of a container: from facts to create options, nothing else. */
import { createHash } from 'node:crypto'
import os from 'node:os'
import type { Config } from '../shared/config.ts'
import { span } from '../shared/due.ts'
import type { CreateOptions } from '../shared/engine.ts'
import type { Image } from '../shared/preview.ts'
import { bytesOf, cpus, memory } from '../shared/settings.ts'
import type { SlotPlace } from '../shared/places.ts'
import { networkName } from '../shared/slots.ts'

export interface ContainerFacts {
  config: Pick<Config, 'instance' | 'repository' | 'containerEnv' | 'limits'>
  tag: string
  generation: number
  image: Image
  /** What the image runs, entry point first. */
  program: string[]
  port: number
  /** The slot's. */
  place: Pick<SlotPlace, 'address' | 'published'>
  /** The preview's host and address as people click it. */
  host: string
  url: string
}

export interface ContainerPlan {
  options: CreateOptions
  /** Tells this container from one made of other settings. Its place, which is the slot's, is left out. */
  spec: string
  /** Where the application is asked whether it is ready; null for anything at `/`. */
  readyPath: string | null
  /** The memory limit as it was set, `512m`. */
  memory: string
  /** Labels of the image that cannot be used, in words for the admin. */
  notices: string[]
}

/** What web servers need: to serve port 80, and to hand their work to a user of their own. */
const CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'NET_BIND_SERVICE', 'SETGID', 'SETUID']

/** Programs that insist on being the first process. */
const INITS = ['init', 'systemd', 'tini', 'docker-init', 'dumb-init', 'catatonit', 'my_init', 's6-svscan', 'runit']

const CPU_PERIOD_US = 100_000

/** The name of a generation's container. The engine refuses a second one. */
export function nameOf(instance: string, tag: string, generation: number): string {
  return `${networkName(instance)}-${tag}-${generation}`
}

/** The container of a generation. */
export function containerOf(facts: ContainerFacts): ContainerPlan {
  const { config, tag, generation, image, port, place } = facts
  const { labels } = image
  const notices: string[] = []
  const network = networkName(config.instance)
  const limits = limitsOf(labels, config.limits, notices)
  const stopSignal = signalOf(labels, notices)
  const readyPath = readyPathOf(labels, notices)
  if (portLabel(labels) === null) notices.push(refused('lotan.port', labels, 'is no port'))
  for (const label of ['lotan.inactivity-stop-minutes', 'lotan.max-lifetime-minutes'])
    if (labels[label] !== undefined && span.parse(labels[label]) === undefined)
      notices.push(refused(label, labels, span.wanted))

  const same: CreateOptions = {
    Image: image.id,
    Env: environment(facts),
    ...(stopSignal && { StopSignal: stopSignal }),
    HostConfig: {
      NetworkMode: network,
      RestartPolicy: { Name: 'no' },
      // The first process of a container ignores SIGTERM unless it says otherwise, which most applications do not:
      // under an init they stop at once, and leave no zombies. Its cost on a start cannot be measured (244 ms to 243).
      Init: !isInit(facts.program),
      Memory: bytesOf(limits.memory)!,
      MemorySwap: bytesOf(limits.memory)!,
      // Not NanoCpus: the engine refuses more of them than it has.
      CpuPeriod: CPU_PERIOD_US,
      CpuQuota: Math.round(limits.cpus * CPU_PERIOD_US),
      PidsLimit: config.limits.pids,
      SecurityOpt: ['no-new-privileges'],
      CapDrop: ['ALL'],
      CapAdd: CAPABILITIES,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
    },
  }
  const spec = createHash('sha256').update(JSON.stringify(same)).digest('hex').slice(0, 12)
  const options: CreateOptions = {
    ...same,
    ...publishedAt(port, place, same),
    name: nameOf(config.instance, tag, generation),
    Labels: {
      'lotan.managed': 'true',
      'lotan.instance': config.instance,
      'lotan.repository': config.repository,
      'lotan.tag': tag,
      'lotan.generation': String(generation),
      'lotan.pulled': String(image.pulled),
      // Of the digests that its image was pulled by, its tag's: a lost database has no other way to know.
      ...(image.digest && { 'lotan.digest': image.digest }),
      'lotan.port': String(port),
      'lotan.spec': spec,
    },
    NetworkingConfig: { EndpointsConfig: { [network]: addressed(place) } },
  }
  return { options, spec, readyPath, memory: limits.memory, notices }
}

function addressed({ address }: ContainerFacts['place']) {
  return address === null ? {} : { IPAMConfig: { IPv4Address: address } }
}

/** On 127.0.0.1 alone: on all addresses of the machine everybody could get past Lotan. */
function publishedAt(port: number, { published }: ContainerFacts['place'], same: CreateOptions): CreateOptions {
  if (published === null) return {}
  const inside = `${port}/tcp`
  return {
    ExposedPorts: { [inside]: {} },
    HostConfig: { ...same.HostConfig, PortBindings: { [inside]: [{ HostIp: '127.0.0.1', HostPort: `${published}` }] } },
  }
}

/** The port inside the container: the image's label, else the setting, else the image's only exposed port, else 80. */
export function portOf(image: Pick<Image, 'labels' | 'ports'>, setting: number | null): number {
  const only = image.ports.length === 1 ? image.ports[0] : undefined
  return portLabel(image.labels) ?? setting ?? only ?? 80
}

/** undefined where there is no such label, null where it is no port. */
function portLabel(labels: Record<string, string>): number | null | undefined {
  const text = labels['lotan.port']
  if (text === undefined) return undefined
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65_535 ? port : null
}

function limitsOf(labels: Record<string, string>, settings: Config['limits'], notices: string[]) {
  const limits = { memory: settings.memory, cpus: settings.cpus }
  const memoryLabel = labels['lotan.memory']
  if (memoryLabel !== undefined) {
    const value = memory.parse(memoryLabel)
    if (value !== undefined) limits.memory = value
    else notices.push(refused('lotan.memory', labels, memory.wanted))
  }
  const cpusLabel = labels['lotan.cpus']
  if (cpusLabel !== undefined) {
    const value = cpus.parse(cpusLabel)
    if (value !== undefined) limits.cpus = value
    else notices.push(refused('lotan.cpus', labels, cpus.wanted))
  }
  return limits
}

function signalOf(labels: Record<string, string>, notices: string[]): string | undefined {
  const text = labels['lotan.stop-signal']
  if (text === undefined) return undefined
  const name = text.toUpperCase().replace(/^(?!SIG)(?=[A-Z])/, 'SIG')
  if (name in os.constants.signals || Object.values(os.constants.signals).some((number) => String(number) === text))
    return name
  notices.push(refused('lotan.stop-signal', labels, 'is no signal'))
  return undefined
}

function readyPathOf(labels: Record<string, string>, notices: string[]): string | null {
  const path = labels['lotan.ready-path']
  if (path === undefined) return null
  if (/^\/[\x21-\x7e]{0,1000}$/.test(path)) return path
  notices.push(refused('lotan.ready-path', labels, 'is no path: write one that begins with /'))
  return null
}

function refused(label: string, labels: Record<string, string>, why: string): string {
  return `The image's label ${label}=${labels[label]!.slice(0, 100)} is not used: ${why}.`
}

/** The settings', and what tells the application where it is. Nothing of Lotan's own environment. */
function environment({ config, tag, host, url }: ContainerFacts): string[] {
  const given = { ...config.containerEnv, LOTAN_TAG: tag, LOTAN_HOST: host, LOTAN_URL: url }
  return Object.entries(given).map(([name, value]) => `${name}=${value}`)
}

function isInit(program: string[]): boolean {
  const first = program[0] ?? ''
  return INITS.includes(first.slice(first.lastIndexOf('/') + 1))
}
