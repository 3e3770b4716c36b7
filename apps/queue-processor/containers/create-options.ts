import { createHash } from 'node:crypto'
import type { Config } from '../../shared/config/config.ts'
import { findRepository, referenceOf } from '../../shared/repository.ts'
import { longestIdle, span } from '../../shared/preview/timeouts.ts'
import { MADE_FROM, STACK_SPEC, type CreateOptions } from '../../shared/engine/engine.ts'
import { previewLabels } from '../../shared/engine/preview-labels.ts'
import { diskLimit, limitsOf, notUsed } from '../../shared/config/limits.ts'
import {
  connectionLabel,
  initLabel,
  kindLabel,
  portLabel,
  readyPathLabel,
  stopSignalLabel,
} from '../../shared/config/image-labels.ts'
import type { Kind } from '../../shared/preview/kind.ts'
import type { Image } from '../../shared/preview/preview.ts'
import { wantedOf } from '../../shared/config/values/value.ts'
import type { PairVariable } from '../../shared/pair-variables.ts'
import { partLimits } from '../../shared/stack/part-limits.ts'
import type { HostPort } from '../../shared/slots/slot-scheme.ts'
import { networkName } from '../../shared/slots/slots.ts'
import { containerName, sandboxName } from '../../shared/slots/container-name.ts'
import { baseTag } from '../../shared/preview/copy-tag.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import { hardened, inGroup } from './hardening.ts'
import { runsOwnInit } from './own-init.ts'
import { withPart, type PartRun } from './with-part.ts'

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
  /** What its stack says of it; null where it has none. */
  part: PartRun | null
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
  kind: Kind
  memory: string
  /** The init is only a guess: neither a label nor an earlier start asked for it. */
  initGuessed: boolean
  /** By which its services reach it; null without a stack. */
  aliases: string[] | null
  notices: string[]
}

/** Stands before no host. */
const UNREACHED = '-'

export function createOptionsOf(facts: ContainerFacts): ContainerPlan {
  const { config, id, generation, image, port, groupParent } = facts
  const { labels } = image
  const network = networkName(config.instance)
  const { limits: usual, notices } = limitsOf(labels, config)
  const limits = facts.part ? partLimits(facts.part.of, usual, config) : usual
  const init = facts.part?.of.init ?? initLabel(labels, notices)
  const initGuessed = init === undefined && !facts.needsFirstProcess && !runsOwnInit(facts.program)
  // Most disks let the engine set no size limit: the reaper measures what is written.
  const { notice } = diskLimit(labels, config.limits)
  if (notice) notices.push(notice)
  const stopSignal = stopSignalLabel(labels, notices)
  const readyPath = readyPathLabel(labels, notices)
  const kind = kindLabel(labels, notices)
  const isTalkedTo = connectionLabel(labels, notices) === 'attach'
  if (portLabel(labels) === null) notices.push(notUsed('lotan.port', labels, 'is no port'))
  reportUnusableSpans(labels, config.stopAfter, notices)

  const run = { image: image.id, env: environment(facts), stopSignal, init: init ?? initGuessed, limits, network }
  const talked = { ...hardened(run), ...(isTalkedTo && { OpenStdin: true, Tty: true }) }
  const common = facts.part ? withPart(talked, facts.part) : talked
  const pairHosts = pairHostsOf(facts)
  const given = pairHosts.hosts.length > 0 ? { ...common, pairHosts } : common
  const spec = createHash('sha256').update(JSON.stringify(given)).digest('hex').slice(0, 12)
  // Not part of the spec: the control group depends on the engine, and a kept container may stay in its old one.
  const withParent = inGroup(common, groupParent)
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
      ...(facts.part && { [STACK_SPEC]: facts.part.stack }),
    },
  }
  const aliases = facts.part && [facts.part.of.name]
  return { pairHosts, options, spec, readyPath, kind, memory: limits.memory, initGuessed, aliases, notices }
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
function environment({ config, id, host, url, pairs, trusted, part }: ContainerFacts): string[] {
  const ofItsOwn = findRepository(id, config)?.containerEnv
  const own = { LOTAN_TAG: baseTag(splitId(id).tag), LOTAN_HOST: host, LOTAN_URL: url }
  const ofPairs = Object.fromEntries(pairs.map(({ name, url }) => [name, url]))
  const secrets = trusted ? config.containerSecrets : {}
  const given = { ...config.containerEnv, ...ofItsOwn, ...secrets, ...part?.environment, ...own, ...ofPairs }
  return Object.entries(given).map(([name, value]) => `${name}=${value}`)
}
