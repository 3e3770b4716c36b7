/** Every setting, read from the environment in one place and checked all together. The only file that reads it. */
import { randomBytes } from 'node:crypto'
import os from 'node:os'
import path from 'node:path'
import { containerEnvOf } from './container-env.ts'
import { kept, makeDataDir, makeRunDir } from './data-dir.ts'
import { isJournal } from '../journal.ts'
import type { Limits } from './limits.ts'
import { luaPattern, PatternError } from './lua-pattern.ts'
import * as kind from './settings.ts'
import type { Problem } from './settings.ts'

export type { Problem }

/** What matching costs grows with the pattern; real ones are far below this. */
const MAX_PATTERN = 500

/** An address and a port to listen on. An IPv6 host stands in brackets. */
export interface Place {
  host: string
  port: number
}

const standardDomain = 'todowrangler.lotan.localhost'
const standardListen = { host: '127.0.0.1', port: 8080 }

/** What all processes are run with. Durations are milliseconds. */
export interface Config {
  /** `registry.example.com/team/app`, without a tag. */
  repository: string
  /** No REPOSITORY is set. The launcher gives its children the demo's, so this is true in the launcher alone. */
  demo: boolean
  domain: string
  /** Previews and admin page as the public sees them: `http:` or `https:`, and the port (null: the scheme's own). */
  publicUrl: { protocol: 'http:' | 'https:'; port: number | null }
  /** Where nginx listens for HTTP. */
  listen: Place
  /** Where nginx listens for HTTPS, and with what; then `listen` only leads there. Null without a certificate. */
  tls: { certificate: string; key: string; listen: Place } | null
  /** For how many seconds browsers are to remember that there is HTTPS (RFC 6797); null for not telling them. */
  hsts: number | null
  /** The proxies whose X-Forwarded-* is believed: addresses and networks. */
  trustedProxies: string[]
  dataDir: string
  /** Sockets, pid files, nginx's configuration and temporary files. Paths below it stay short enough for sockets. */
  runDir: string
  /** 8 hexadecimal digits that tell this Lotan's containers, images and network from another's. */
  instance: string
  adminToken: string
  adminWelcome: string
  adminInfo: string
  redis: { url: string } | { socket: string }
  dockerHost: string | null
  /** The directory of the engine's `config.json`. */
  dockerConfig: string
  /** AWS's region for what names none; null leaves it to the SDK, which reads the other AWS variables itself. */
  awsRegion: string | null
  stopAfter: number
  rmiAfter: number
  /** An idle preview without open connections is frozen after this long; null for never. */
  pauseAfter: number | null
  refreshEvery: number
  startTimeout: number
  /** How long a pull may take in all, however steadily it moves. */
  pullTimeout: number
  hold: number
  /** More requests than this are not held. */
  maxHeld: number
  /** How long open connections may go on after a preview's route has gone, before it is ended. */
  grace: number
  /** Percent of the engine's disk: above `high`, images that nobody uses go until it is below `low`. */
  disk: { high: number; low: number }
  /** What never counts as activity, beside what Lotan knows itself: pieces of user agents, and paths with `*`. */
  robots: { agents: string[]; paths: string[] }
  maxRunning: number
  slots: number
  /** LOTAN_SLOT_KIND, or null for the one that works. */
  slotKind: 'network' | 'port' | null
  transliterate: boolean
  /** What every container is given, after ENV_ARGS and LOTAN_CONTAINER_ENV_. */
  containerEnv: Record<string, string>
  /** Whether a tag may be offered and started: what TAG_FILTER says of it. */
  offers: (tag: string) => boolean
  /** Whether a tag's image is pulled before anybody asks for it: what LOTAN_PREPULL says of it, and TAG_FILTER too. */
  prepulls: (tag: string) => boolean
  /** LOTAN_CONTAINER_PORT, or null for the image's own choice. */
  containerPort: number | null
  /** `diskMax` is what the label `lotan.disk` may raise `disk` to. */
  limits: Limits & { disk: string; diskMax: string }
  /** What labels may raise the others to: never less than the limits themselves. */
  ceilings: Omit<Limits, 'pids'>
  /** Where the launcher has its parts' words go: to a file each, or to its own standard output. */
  logs: 'files' | 'stdout'
  /** The terminal's kind, for the colours of what the launcher and the command line print. */
  term: string
}

/** Settings that cannot be used. The message has a line for each. */
export class SettingsError extends Error {
  readonly problems: Problem[]
  /** All of it is about files that a setting names, which may be there, or be others, a moment later. */
  readonly mayMend: boolean

  constructor(problems: Problem[], mayMend = false) {
    super(problems.map(({ variable, problem }) => `${variable} ${problem}`).join('\n'))
    this.name = 'SettingsError'
    this.problems = problems
    this.mayMend = mayMend
  }
}

/**
 * Reads and checks every setting. Makes the data and run directories, the instance's id and the admin token when they
 * are missing, which is harmless when several processes do it at once.
 *
 * @param more what is wrong with files that settings name, and that not every process looks into
 * @throws SettingsError with all problems at once
 */
export function readConfig(
  env: NodeJS.ProcessEnv = process.env,
  more: (settings: Pick<Config, 'tls' | 'domain'>) => Problem[] = () => [],
): Config {
  const { read, refuse, good, problems } = kind.settingsIn(env)

  const domain = read('TL_DOMAIN', standardDomain, kind.domain)
  const listen = read('LOTAN_LISTEN', standardListen, kind.listen)
  const certificate = read('LOTAN_TLS_CERT', null, kind.file)
  const key = read('LOTAN_TLS_KEY', null, kind.file)
  if ((certificate === null) !== (key === null))
    refuse(certificate ? 'LOTAN_TLS_KEY' : 'LOTAN_TLS_CERT', 'is missing: a certificate and its key go together')
  const givenTlsListen = read('LOTAN_TLS_LISTEN', null, kind.listen)
  const tlsListen = givenTlsListen ?? { host: listen.host, port: listen.port === 80 ? 443 : 8443 }
  const tls =
    certificate !== null && key !== null
      ? { certificate: path.resolve(certificate), key: path.resolve(key), listen: tlsListen }
      : null
  if (givenTlsListen && !tls && good('LOTAN_TLS_CERT', 'LOTAN_TLS_KEY'))
    refuse('LOTAN_TLS_LISTEN', 'needs LOTAN_TLS_CERT and LOTAN_TLS_KEY: give these too, or leave it out')
  if (tls && tlsListen.port === listen.port && good('LOTAN_LISTEN', 'LOTAN_TLS_LISTEN'))
    refuse('LOTAN_TLS_LISTEN', `has the port of LOTAN_LISTEN, ${listen.port}: give them two`)
  const publicUrl = read('LOTAN_PUBLIC_URL', null, kind.publicUrl)
  if (tls && publicUrl?.protocol === 'http:')
    refuse('LOTAN_PUBLIC_URL', 'begins with http: with LOTAN_TLS_CERT write https, or leave it out')
  const trustedProxies = read('LOTAN_TRUSTED_PROXIES', [], kind.networks)
  if (trustedProxies.length > 0 && !publicUrl && good('LOTAN_PUBLIC_URL'))
    refuse(
      'LOTAN_PUBLIC_URL',
      'is missing: behind a proxy of LOTAN_TRUSTED_PROXIES write the address that visitors see',
    )
  if (publicUrl && publicUrl.host !== domain && good('TL_DOMAIN'))
    refuse('LOTAN_PUBLIC_URL', `is for ${publicUrl.host}, but TL_DOMAIN is ${domain}: give both the same domain`)

  const hsts = read('LOTAN_HSTS_SECONDS', null, kind.integer(0, 100_000_000))
  const isSecure = tls !== null || publicUrl?.protocol === 'https:'
  if (hsts !== null && !isSecure && good('LOTAN_TLS_CERT', 'LOTAN_TLS_KEY', 'LOTAN_PUBLIC_URL'))
    refuse(
      'LOTAN_HSTS_SECONDS',
      'needs HTTPS: give LOTAN_TLS_CERT and LOTAN_TLS_KEY, or an https LOTAN_PUBLIC_URL where a proxy has them',
    )

  const stopAfter = read('INACTIVITY_STOP_TIMEOUT_MINUTES', 10 * 60_000, kind.duration('minutes', 100_000))
  const rmiAfter = read('INACTIVITY_RMI_TIMEOUT_MINUTES', 60 * 60_000, kind.duration('minutes', 100_000))
  if (rmiAfter < stopAfter && good('INACTIVITY_STOP_TIMEOUT_MINUTES', 'INACTIVITY_RMI_TIMEOUT_MINUTES'))
    refuse(
      'INACTIVITY_RMI_TIMEOUT_MINUTES',
      `is ${rmiAfter / 60_000}: write at least INACTIVITY_STOP_TIMEOUT_MINUTES, which is ${stopAfter / 60_000}`,
    )
  const pauseAfter = read('INACTIVITY_PAUSE_TIMEOUT_MINUTES', null, kind.orOff(kind.pauseSpan))
  if (
    pauseAfter !== null &&
    pauseAfter >= stopAfter &&
    good('INACTIVITY_STOP_TIMEOUT_MINUTES', 'INACTIVITY_PAUSE_TIMEOUT_MINUTES')
  )
    refuse(
      'INACTIVITY_PAUSE_TIMEOUT_MINUTES',
      `is ${pauseAfter / 60_000}: write less than INACTIVITY_STOP_TIMEOUT_MINUTES, which is ${stopAfter / 60_000}, or off`,
    )

  const high = read('LOTAN_DISK_HIGH_PERCENT', 85, kind.integer(1, 99))
  const low = read('LOTAN_DISK_LOW_PERCENT', 75, kind.integer(1, 99))
  if (low >= high && good('LOTAN_DISK_HIGH_PERCENT', 'LOTAN_DISK_LOW_PERCENT'))
    refuse('LOTAN_DISK_LOW_PERCENT', `is ${low}: write less than LOTAN_DISK_HIGH_PERCENT, which is ${high}`)

  const mayWrite = read('LOTAN_CONTAINER_DISK', '2g', kind.disk)
  const diskMax = read('LOTAN_CONTAINER_DISK_MAX', mayWrite, kind.disk)
  if (kind.bytesOf(diskMax)! < kind.bytesOf(mayWrite)! && good('LOTAN_CONTAINER_DISK', 'LOTAN_CONTAINER_DISK_MAX'))
    refuse('LOTAN_CONTAINER_DISK_MAX', `is ${diskMax}: write at least LOTAN_CONTAINER_DISK, which is ${mayWrite}`)

  const slots = read('LOTAN_SLOTS', 500, kind.integer(2, 2_000))
  const maxRunning = read('LOTAN_MAX_RUNNING', 50, kind.integer(1, 1_999))
  if (maxRunning >= slots && good('LOTAN_SLOTS', 'LOTAN_MAX_RUNNING'))
    refuse('LOTAN_MAX_RUNNING', `is ${maxRunning}: write less than LOTAN_SLOTS, which is ${slots}`)

  const offers = patternOf('TAG_FILTER', read('TAG_FILTER', '', kind.anyText), refuse)
  const prepull = read('LOTAN_PREPULL', '', kind.anyText)
  const ahead = patternOf('LOTAN_PREPULL', prepull, refuse)

  const limits = {
    memory: read('LOTAN_CONTAINER_MEMORY', '512m', kind.memory),
    cpus: read('LOTAN_CONTAINER_CPUS', 1, kind.cpus),
    pids: read('LOTAN_CONTAINER_PIDS', 512, kind.integer(1, 4_194_304)),
  }
  const memoryMax = read('LOTAN_CONTAINER_MEMORY_MAX', '2g', kind.memory)

  const repository = read('REPOSITORY', null, kind.repository)
  const redisUrl = read('REDIS_URL', null, kind.redisUrl)
  const givenToken = read('LOTAN_ADMIN_TOKEN', null, kind.password)
  const settings = {
    repository: repository ?? '127.0.0.1:5000/todowrangler',
    demo: repository === null,
    domain,
    publicUrl: publicUrl
      ? { protocol: publicUrl.protocol, port: publicUrl.port }
      : tls
        ? { protocol: 'https:' as const, port: tlsListen.port === 443 ? null : tlsListen.port }
        : { protocol: 'http:' as const, port: listen.port === 80 ? null : listen.port },
    listen,
    tls,
    hsts,
    trustedProxies,
    adminWelcome: read('ADMIN_WELCOME', '', kind.anyText),
    adminInfo: read('ADMIN_INFO', '', kind.anyText),
    dockerHost: read('DOCKER_HOST', null, kind.dockerHost),
    dockerConfig: path.resolve(read('DOCKER_CONFIG', path.join(os.homedir(), '.docker'), kind.anyText)),
    // The SDK for JavaScript knows the first alone, the others of AWS's tools both.
    awsRegion: read('AWS_REGION', null, kind.region) ?? read('AWS_DEFAULT_REGION', null, kind.region),
    stopAfter,
    rmiAfter,
    pauseAfter,
    // At most what a timer can wait: a longer one fires at once, for ever.
    refreshEvery: read('IMAGE_REFRESH_INTERVAL_MINUTES', 5 * 60_000, kind.duration('minutes', 30_000)),
    startTimeout: read('LOTAN_START_TIMEOUT_SECONDS', 120_000, kind.duration('seconds', 86_400)),
    pullTimeout: read('LOTAN_PULL_TIMEOUT_MINUTES', 60 * 60_000, kind.duration('minutes', 1_440)),
    hold: read('LOTAN_HOLD_SECONDS', 60_000, kind.duration('seconds', 3_600, 0)),
    maxHeld: read('LOTAN_MAX_HELD', 2_000, kind.integer(1, 10_000)),
    grace: read('LOTAN_GRACE_SECONDS', 30_000, kind.duration('seconds', 3_600, 0)),
    disk: { high, low },
    robots: {
      agents: read('LOTAN_ROBOT_AGENTS', [], kind.agents),
      paths: read('LOTAN_ROBOT_PATHS', [], kind.paths),
    },
    maxRunning,
    slots,
    slotKind: read('LOTAN_SLOT_KIND', null, kind.slotKind),
    transliterate: read('TRANSLITERATE_SEMVER_UNDERSCORES_TO_DOTS', true, kind.zeroOrOne),
    containerEnv: containerEnvOf(env, refuse),
    offers,
    prepulls: prepull === '' ? () => false : (tag: string) => offers(tag) && ahead(tag),
    containerPort: read('LOTAN_CONTAINER_PORT', null, kind.integer(1, 65_535)),
    limits: { ...limits, disk: mayWrite, diskMax },
    ceilings: {
      memory: kind.bytesOf(memoryMax)! > kind.bytesOf(limits.memory)! ? memoryMax : limits.memory,
      cpus: Math.max(read('LOTAN_CONTAINER_CPUS_MAX', 2, kind.cpus), limits.cpus),
    },
    logs: read('LOTAN_LOG', isJournal(env.JOURNAL_STREAM, 1) ? 'stdout' : 'files', kind.oneOf('files', 'stdout')),
    term: read('TERM', 'xterm', kind.anyText),
  }

  const dataDir = path.resolve(read('LOTAN_DATA_DIR', '.lotan', kind.anyText))
  let runDir = ''
  let instance = ''
  let adminToken = givenToken ?? ''
  try {
    makeDataDir(dataDir)
    runDir = makeRunDir(dataDir)
    instance = kept(path.join(dataDir, 'instance'), /^[0-9a-f]{8}$/, () => randomBytes(4).toString('hex'))
    adminToken ||= kept(path.join(dataDir, 'admin-token'), /^[\x21-\x7e]{16,256}$/, () =>
      randomBytes(16).toString('hex'),
    )
  } catch (error) {
    refuse('LOTAN_DATA_DIR', `is ${kind.quoted(dataDir)}, which cannot be used: ${(error as Error).message}`)
  }

  const unfit = more(settings)
  if (problems.length + unfit.length > 0) throw new SettingsError([...problems, ...unfit], problems.length === 0)
  const redis = redisUrl === null ? { socket: path.join(runDir, 'redis.sock') } : { url: redisUrl }
  return { ...settings, dataDir, runDir, instance, adminToken, redis }
}

/** What a command that talks to the API has to know. */
export interface ApiConfig {
  /** LOTAN_API: scheme, host and port, without a final slash. Null: the Lotan of the data directory. */
  api: string | null
  /** LOTAN_ADMIN_TOKEN. Null: that of the data directory. */
  adminToken: string | null
  /** It need not be there. */
  dataDir: string
  domain: string
  listen: Config['listen']
  term: string
}

/**
 * Reads and checks only what it takes to find the API. Makes nothing.
 *
 * @throws SettingsError with all problems at once
 */
export function readApiConfig(env: NodeJS.ProcessEnv = process.env): ApiConfig {
  const { read, problems } = kind.settingsIn(env)
  const config = {
    api: read('LOTAN_API', null, kind.apiUrl),
    adminToken: read('LOTAN_ADMIN_TOKEN', null, kind.password),
    dataDir: path.resolve(read('LOTAN_DATA_DIR', '.lotan', kind.anyText)),
    domain: read('TL_DOMAIN', standardDomain, kind.domain),
    listen: read('LOTAN_LISTEN', standardListen, kind.listen),
    term: read('TERM', 'xterm', kind.anyText),
  }
  if (problems.length > 0) throw new SettingsError(problems)
  return config
}

/** What a setting's Lua pattern says of tags; an empty one matches every tag. */
function patternOf(
  variable: string,
  pattern: string,
  refuse: (variable: string, problem: string) => void,
): (tag: string) => boolean {
  if (pattern.length > MAX_PATTERN)
    refuse(variable, `has ${pattern.length} characters: write a Lua pattern of at most ${MAX_PATTERN}`)
  else
    try {
      return luaPattern(pattern)
    } catch (error) {
      if (!(error instanceof PatternError)) throw error
      refuse(variable, `is ${kind.quoted(pattern)}: ${error.message}; write a Lua pattern, such as ^pr%-%d+$`)
    }
  return () => false
}

/** The address of a host as people click it: `http://red.todowrangler.lotan.localhost:8080`, without a final slash. */
export function urlOf(host: string, { publicUrl }: Pick<Config, 'publicUrl'>): string {
  return `${publicUrl.protocol}//${host}${publicUrl.port === null ? '' : `:${publicUrl.port}`}`
}

/** The environment for a child: this process's own, with the data directory made absolute, and what is given here. */
export function environmentFor(
  config: Pick<Config, 'dataDir'>,
  overrides: Record<string, string | undefined> = {},
): NodeJS.ProcessEnv {
  return { ...process.env, LOTAN_DATA_DIR: config.dataDir, ...overrides }
}
