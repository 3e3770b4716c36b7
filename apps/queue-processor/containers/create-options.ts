import { createHash } from 'node:crypto'
import type { Config } from '../../shared/config/config.ts'
import { findRepository, referenceOf } from '../../shared/repository.ts'
import { longestIdle, span } from '../../shared/preview/timeouts.ts'
import { MADE_FROM, type CreateOptions } from '../../shared/engine/engine.ts'
import { previewLabels } from '../../shared/engine/preview-labels.ts'
import { diskLimit, limitsOf, notUsed } from '../../shared/config/limits.ts'
import { initLabel, portLabel, readyPathLabel, stopSignalLabel } from '../../shared/config/image-labels.ts'
import type { Image } from '../../shared/preview/preview.ts'
import { bytesOf } from '../../shared/config/values/amount.ts'
import { wantedOf } from '../../shared/config/values/value.ts'
import type { PairVariable } from '../../shared/pair-variables.ts'
import type { HostPort } from '../../shared/slots/slot-scheme.ts'
import { networkName } from '../../shared/slots/slots.ts'
import { containerName, sandboxName } from '../../shared/slots/container-name.ts'
import { baseTag } from '../../shared/preview/copy-tag.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'

export interface ContainerFacts {
  config: Pick<
    Config,
    'instance' | 'repositories' | 'containerEnv' | 'containerSecrets' | 'limits' | 'ceilings' | 'stopAfter'
  >
  id: PreviewId
  generation: number
  image: Image
  program: string[]
  needsFirstProcess: boolean
  port: number
  hostPort: Pick<HostPort, 'address' | 'published'>
  /** The number of the sandbox that it joins, and that has the slot. */
  sandbox: number | null
  /** Undefined for the engine's default. */
  groupParent: string | undefined
  host: string
  url: string
  /** Whether it is given LOTAN_CONTAINER_SECRET_X. */
  trusted: boolean
  pairs: Pick<PairVariable, 'name' | 'url' | 'host'>[]
  /** Where previews reach the front, to call their pairs; null where they cannot. */
  pairFront: string | null
}

/** What its hosts file says of its pairs. */
export interface PairHosts {
  /** Of the front. */
  address: string
  hosts: string[]
}

export interface ContainerPlan {
  pairHosts: PairHosts
  options: CreateOptions
  /** A digest of the options without the slot's address and port: equal for containers that can replace each other. */
  spec: string
  /** Null for `/`. */
  readyPath: string | null
  memory: string
  /** The init is only a guess: neither a label nor an earlier start asked for it. */
  initGuessed: boolean
  notices: string[]
}

/** What web servers need to bind port 80 and to run their workers as another user. */
const CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'NET_BIND_SERVICE', 'SETGID', 'SETUID']

const INIT_PROGRAMS = [
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
/** `init` alone is too common a word: it counts as the first word of the command, or with its path. */
const INIT_PATH = /^\/((usr\/)?(local\/)?s?bin\/)?init$/

const CPU_PERIOD_US = 100_000
/**
 * A preview weighs as much as one process of the machine. With an eighth of that, a click waited 6 s instead of 1.2 s
 * on a busy machine, and unpacking a pull starved running previews.
 */
const CPU_SHARES = 1_024
/** When the machine runs out of memory, the kernel ends previews before Lotan and nginx. */
const OOM_SCORE = 500

/** Stands before no host. */
const UNREACHED = '-'

export function cpuQuota(cpus: number): number {
  return Math.round(cpus * CPU_PERIOD_US)
}

export function createOptionsOf(facts: ContainerFacts): ContainerPlan {
  const { config, id, generation, image, port, groupParent } = facts
  const { labels } = image
  const network = networkName(config.instance)
  const { limits, notices } = limitsOf(labels, config)
  const init = initLabel(labels, notices)
  const initGuessed = init === undefined && !facts.needsFirstProcess && !runsOwnInit(facts.program)
  // Most disks let the engine set no size limit: the reaper measures what is written.
  const { notice } = diskLimit(labels, config.limits)
  if (notice) notices.push(notice)
  const stopSignal = stopSignalLabel(labels, notices)
  const readyPath = readyPathLabel(labels, notices)
  if (portLabel(labels) === null) notices.push(notUsed('lotan.port', labels, 'is no port'))
  reportUnusableSpans(labels, config.stopAfter, notices)

  const common: CreateOptions = {
    Image: image.id,
    Env: environment(facts),
    ...(stopSignal && { StopSignal: stopSignal }),
    // Lotan probes the application itself; the image's own check would run as often as the image likes.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      NetworkMode: network,
      RestartPolicy: { Name: 'no' },
      // Most applications do not handle SIGTERM as process 1. Under an init they stop at once and leave no zombies, and
      // the start takes no longer (244 ms against 243).
      Init: init ?? initGuessed,
      Memory: bytesOf(limits.memory)!,
      MemorySwap: bytesOf(limits.memory)!,
      // Not NanoCpus: the engine refuses more CPUs than it has.
      CpuPeriod: CPU_PERIOD_US,
      CpuQuota: cpuQuota(limits.cpus),
      CpuShares: CPU_SHARES,
      PidsLimit: limits.pids,
      OomScoreAdj: OOM_SCORE,
      // Core files would fill the disk. Only lowered: the engine refuses a start that asks for more than its own limit.
      Ulimits: [{ Name: 'core', Soft: 0, Hard: 0 }],
      SecurityOpt: ['no-new-privileges'],
      CapDrop: ['ALL'],
      CapAdd: CAPABILITIES,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
    },
  }
  const pairHosts = pairHostsOf(facts)
  const given = pairHosts.hosts.length > 0 ? { ...common, pairHosts } : common
  const spec = createHash('sha256').update(JSON.stringify(given)).digest('hex').slice(0, 12)
  // Not part of the spec: the control group depends on the engine, and a kept container may stay in its old one.
  const withParent = {
    ...common,
    HostConfig: { ...common.HostConfig, ...(groupParent && { CgroupParent: groupParent }) },
  }
  const options: CreateOptions = {
    ...withParent,
    ...(facts.sandbox === null
      ? ownNetworkOf(facts, withHosts(withParent, pairHosts))
      : joined(facts.sandbox, facts, withParent)),
    name: containerName(config.instance, id, generation),
    Labels: {
      'lotan.managed': 'true',
      'lotan.instance': config.instance,
      'lotan.repository': referenceOf(id, config),
      ...previewLabels(id),
      'lotan.generation': String(generation),
      [MADE_FROM]: image.id,
      'lotan.pulled': String(image.pulled),
      // An image can have several digests; a rebuild after a lost database reads the tag's here.
      ...(image.digest && { 'lotan.digest': image.digest }),
      'lotan.port': String(port),
      'lotan.spec': spec,
    },
  }
  return { pairHosts, options, spec, readyPath, memory: limits.memory, initGuessed, notices }
}

function ownNetworkOf({ config, port, hostPort }: ContainerFacts, same: CreateOptions): CreateOptions {
  return {
    ...same,
    ...portBindingsOf(port, hostPort, same),
    NetworkingConfig: { EndpointsConfig: { [networkName(config.instance)]: networkingOf(hostPort) } },
  }
}

function withHosts(options: CreateOptions, { address, hosts }: PairHosts): CreateOptions {
  if (hosts.length === 0) return options
  return { ...options, HostConfig: { ...options.HostConfig, ExtraHosts: hosts.map((host) => `${host}:${address}`) } }
}

function pairHostsOf({ pairs, pairFront }: ContainerFacts): PairHosts {
  return pairFront === null
    ? { address: UNREACHED, hosts: [] }
    : { address: pairFront, hosts: pairs.map(({ host }) => host) }
}

/** Slot, host name and hosts file are the sandbox's. */
function joined(sandbox: number, { config }: ContainerFacts, same: CreateOptions): CreateOptions {
  return { HostConfig: { ...same.HostConfig, NetworkMode: `container:${sandboxName(config.instance, sandbox)}` } }
}

/** @param address null for one that the engine chooses */
export function networkingOf({ address }: Pick<HostPort, 'address'>) {
  return address === null ? {} : { IPAMConfig: { IPv4Address: address } }
}

/** On 127.0.0.1 only: a port on all addresses would bypass Lotan. */
export function portBindingsOf(
  port: number,
  { published }: Pick<HostPort, 'published'>,
  same: CreateOptions,
): CreateOptions {
  if (published === null) return {}
  const inside = `${port}/tcp`
  return {
    ExposedPorts: { [inside]: {} },
    HostConfig: { ...same.HostConfig, PortBindings: { [inside]: [{ HostIp: '127.0.0.1', HostPort: `${published}` }] } },
  }
}

function reportUnusableSpans(labels: Record<string, string>, stopAfter: number, notices: string[]) {
  const say = (notice: string) => void notices.push(notice)
  const longest = longestIdle(stopAfter)
  const idle = span.safeParse(labels['lotan.inactivity-stop-minutes'] ?? '').data
  if (idle !== undefined && idle > longest)
    say(
      `The image's label lotan.inactivity-stop-minutes=${labels['lotan.inactivity-stop-minutes']} is cut at ${longest / 60_000}.`,
    )
  for (const label of ['lotan.inactivity-stop-minutes', 'lotan.max-lifetime-minutes']) {
    const { error } = span.optional().safeParse(labels[label])
    if (error) say(notUsed(label, labels, wantedOf(error)))
  }
}

/** Nothing of Lotan's own environment. */
function environment({ config, id, host, url, pairs, trusted }: ContainerFacts): string[] {
  const ofItsOwn = findRepository(id, config)?.containerEnv
  const own = { LOTAN_TAG: baseTag(splitId(id).tag), LOTAN_HOST: host, LOTAN_URL: url }
  const ofPairs = Object.fromEntries(pairs.map(({ name, url }) => [name, url]))
  const secrets = trusted ? config.containerSecrets : {}
  const given = { ...config.containerEnv, ...ofItsOwn, ...secrets, ...own, ...ofPairs }
  return Object.entries(given).map(([name, value]) => `${name}=${value}`)
}

function runsOwnInit(program: string[]): boolean {
  const words = program.flatMap((word) => word.split(/[\s;&|()"']+/)).filter(Boolean)
  return words.some(
    (word, i) => INIT_PROGRAMS.includes(baseOf(word)) || INIT_PATH.test(word) || (i === 0 && baseOf(word) === 'init'),
  )
}

function baseOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1)
}
