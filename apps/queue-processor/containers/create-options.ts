/** What the engine is told of a container: from facts to create options, nothing else. */
import { createHash } from 'node:crypto'
import os from 'node:os'
import type { Config } from '../../shared/config/config.ts'
import { longestIdle, span } from '../../shared/preview/timeouts.ts'
import type { CreateOptions } from '../../shared/engine/engine.ts'
import { diskLimit, limitsOf, notUsed } from '../../shared/config/limits.ts'
import type { Image } from '../../shared/preview/preview.ts'
import { bytesOf, zeroOrOne } from '../../shared/config/settings.ts'
import type { HostPort } from '../../shared/slots/slot-scheme.ts'
import { networkName } from '../../shared/slots/slots.ts'

export interface ContainerFacts {
  config: Pick<Config, 'instance' | 'repository' | 'containerEnv' | 'limits' | 'ceilings' | 'stopAfter'>
  tag: string
  generation: number
  image: Image
  /** What the image runs, entry point first. */
  program: string[]
  /** It has said that it has to be the first process. */
  insists: boolean
  port: number
  /** The slot's. */
  place: Pick<HostPort, 'address' | 'published'>
  /** Where its control group is to be; undefined for the engine's own choice. */
  groupParent: string | undefined
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
  /** An init is put before the application, and nothing but a guess says so. */
  initGuessed: boolean
  /** Labels of the image that cannot be used, in words for the admin. */
  notices: string[]
}

/** What web servers need: to serve port 80, and to hand their work to a user of their own. */
const CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'NET_BIND_SERVICE', 'SETGID', 'SETUID']

/** Programs that insist on being the first process. */
const INITS = [
  'systemd',
  'tini',
  'docker-init',
  'dumb-init',
  'catatonit',
  'my_init',
  's6-svscan',
  'runit',
  'runit-init',
  'runsvinit',
  'openrc-init',
]
/** `init` is too common a word for an argument: it is a program where it comes first, or by its path. */
const INIT = /^\/((usr\/)?(local\/)?s?bin\/)?init$/

const CPU_PERIOD_US = 100_000
/**
 * A preview weighs as much as one process of the machine, however many it has. With an eighth of that, a click waited 6 s
 * in place of 1.2 s while strangers kept nginx and the router busy, and each pull's unpacking starved what runs.
 */
const CPU_SHARES = 1_024
/** Where the machine runs out of memory a preview is ended before what serves them all. */
const OOM_SCORE = 500

/** The name of a generation's container. The engine refuses a second one. */
export function nameOf(instance: string, tag: string, generation: number): string {
  return `${networkName(instance)}-${tag}-${generation}`
}

/** So many microseconds of each period. */
export function cpuQuota(cpus: number): number {
  return Math.round(cpus * CPU_PERIOD_US)
}

/** The container of a generation. */
export function createOptionsOf(facts: ContainerFacts): ContainerPlan {
  const { config, tag, generation, image, port, place, groupParent } = facts
  const { labels } = image
  const network = networkName(config.instance)
  const { limits, notices } = limitsOf(labels, config)
  const init = initOf(labels, notices)
  const initGuessed = init === undefined && !facts.insists && !isInit(facts.program)
  // The engine has no such limit on most disks: the reaper looks at what is written.
  const { notice } = diskLimit(labels, config.limits)
  if (notice) notices.push(notice)
  const stopSignal = signalOf(labels, notices)
  const readyPath = readyPathOf(labels, notices)
  if (portLabel(labels) === null) notices.push(notUsed('lotan.port', labels, 'is no port'))
  spansOf(labels, config.stopAfter, notices)

  const same: CreateOptions = {
    Image: image.id,
    Env: environment(facts),
    ...(stopSignal && { StopSignal: stopSignal }),
    // Whether an application answers Lotan finds out by itself; the image's own check would run as often as that likes.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      NetworkMode: network,
      RestartPolicy: { Name: 'no' },
      // The first process of a container ignores SIGTERM unless it says otherwise, which most applications do not:
      // under an init they stop at once, and leave no zombies. Its cost on a start cannot be measured (244 ms to 243).
      Init: init ?? initGuessed,
      Memory: bytesOf(limits.memory)!,
      MemorySwap: bytesOf(limits.memory)!,
      // Not NanoCpus: the engine refuses more of them than it has.
      CpuPeriod: CPU_PERIOD_US,
      CpuQuota: cpuQuota(limits.cpus),
      CpuShares: CPU_SHARES,
      PidsLimit: limits.pids,
      OomScoreAdj: OOM_SCORE,
      // What crashes again and again would fill the disk, or keep the machine's collector of such files busy. A limit may
      // only be lowered: where the engine itself has few open files, a start that asks for more of them is refused.
      Ulimits: [{ Name: 'core', Soft: 0, Hard: 0 }],
      SecurityOpt: ['no-new-privileges'],
      CapDrop: ['ALL'],
      CapAdd: CAPABILITIES,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
    },
  }
  const spec = createHash('sha256').update(JSON.stringify(same)).digest('hex').slice(0, 12)
  // As the place is, this is the engine's, and of no matter to a container that is kept.
  const grouped = { ...same, HostConfig: { ...same.HostConfig, ...(groupParent && { CgroupParent: groupParent }) } }
  const options: CreateOptions = {
    ...grouped,
    ...publishedAt(port, place, grouped),
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
  return { options, spec, readyPath, memory: limits.memory, initGuessed, notices }
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

/** Whether an init is put before the application; undefined where the label leaves it to what the image runs. */
function initOf(labels: Record<string, string>, notices: string[]): boolean | undefined {
  const text = labels['lotan.init']
  const init = text === undefined ? undefined : zeroOrOne.parse(text)
  if (text !== undefined && init === undefined) notices.push(notUsed('lotan.init', labels, zeroOrOne.wanted))
  return init
}

/** Says what cannot be had of the labels that are about time. It is timeouts.ts that goes by them. */
function spansOf(labels: Record<string, string>, stopAfter: number, notices: string[]) {
  const say = (notice: string) => void notices.push(notice)
  const longest = longestIdle(stopAfter)
  const idle = span.parse(labels['lotan.inactivity-stop-minutes'] ?? '')
  if (idle !== undefined && idle > longest)
    say(
      `The image's label lotan.inactivity-stop-minutes=${labels['lotan.inactivity-stop-minutes']} is cut at ${longest / 60_000}.`,
    )
  for (const label of ['lotan.inactivity-stop-minutes', 'lotan.max-lifetime-minutes'])
    if (labels[label] !== undefined && span.parse(labels[label]) === undefined) say(notUsed(label, labels, span.wanted))
}

function signalOf(labels: Record<string, string>, notices: string[]): string | undefined {
  const text = labels['lotan.stop-signal']
  if (text === undefined) return undefined
  const name = text.toUpperCase().replace(/^(?!SIG)(?=[A-Z])/, 'SIG')
  if (name in os.constants.signals || Object.values(os.constants.signals).some((number) => String(number) === text))
    return name
  notices.push(notUsed('lotan.stop-signal', labels, 'is no signal'))
  return undefined
}

function readyPathOf(labels: Record<string, string>, notices: string[]): string | null {
  const path = labels['lotan.ready-path']
  if (path === undefined) return null
  if (/^\/[\x21-\x7e]{0,1000}$/.test(path)) return path
  notices.push(notUsed('lotan.ready-path', labels, 'is no path: write one that begins with /'))
  return null
}

/** The settings', and what tells the application where it is. Nothing of Lotan's own environment. */
function environment({ config, tag, host, url }: ContainerFacts): string[] {
  const given = { ...config.containerEnv, LOTAN_TAG: tag, LOTAN_HOST: host, LOTAN_URL: url }
  return Object.entries(given).map(([name, value]) => `${name}=${value}`)
}

/** Whether an init of its own is among what an image runs: in front, behind a wrapper, or in a shell's line. */
function isInit(program: string[]): boolean {
  const words = program.flatMap((word) => word.split(/[\s;&|()"']+/)).filter(Boolean)
  return words.some(
    (word, i) => INITS.includes(baseOf(word)) || INIT.test(word) || (i === 0 && baseOf(word) === 'init'),
  )
}

function baseOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1)
}
