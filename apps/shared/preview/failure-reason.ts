/** `detail` (the engine's words) and `output` (the application's) are for the admin alone: they may hold secrets. */

export type RegistryCode =
  | 'credentials'
  | 'registry-down'
  | 'rate-limited'
  | 'no-repository'
  | 'tls'
  | 'helper-failed'
  | 'aws-credentials'
  | 'aws-region'
  | 'token-expired'
  | 'bad-image'

export type ReasonCode =
  | 'wrong-port'
  | 'port-closed'
  | 'no-answer'
  | 'only-tls'
  | 'only-http2'
  | 'only-ipv6'
  | 'exited'
  | 'crashing'
  | 'out-of-memory'
  | 'disk-over'
  | 'file-capabilities'
  | 'bad-stack'
  | 'service-exited'
  | 'service-unhealthy'
  | RegistryCode
  | 'no-such-tag'
  | 'copy-lost'
  | 'stalled'
  | 'too-slow'
  | 'disk-full'
  | 'engine-down'
  | 'pull-failed'
  | 'start-failed'

export interface Reason {
  code: ReasonCode
  detail: string
  /** The last lines, oldest first. */
  output?: string[]
  exitCode?: number
  /** Milliseconds from the start to the failure. */
  after?: number
  port?: number
  /** What the application listens on instead: `0.0.0.0:3000`, `127.0.0.1:80`. */
  listens?: string[]
  /** The limit of memory or disk, as it was set: `512m`. */
  limit?: string
  /** Such as `docker-credential-pass`. */
  program?: string
  /** The service of its stack that it is about; undefined for the application. */
  service?: string
  /** Of `no-such-tag`: how long it is told, milliseconds since 1970. */
  until?: number
}

const SECOND = 1_000
const MINUTE = 60 * SECOND

/** When Lotan tries again by itself, milliseconds after the failure; null where trying again cannot help. */
const retries: Record<ReasonCode, number | null> = {
  'wrong-port': null,
  'port-closed': null,
  'no-answer': MINUTE,
  'only-tls': null,
  'only-http2': null,
  'only-ipv6': null,
  exited: null,
  crashing: null,
  'out-of-memory': null,
  'disk-over': null,
  'file-capabilities': null,
  'bad-stack': null,
  'service-exited': null,
  'service-unhealthy': null,
  credentials: 5 * MINUTE,
  'registry-down': 30 * SECOND,
  'rate-limited': 5 * MINUTE,
  'no-repository': MINUTE,
  'no-such-tag': null,
  'copy-lost': null,
  tls: 5 * MINUTE,
  'helper-failed': 5 * MINUTE,
  'aws-credentials': 5 * MINUTE,
  'aws-region': null,
  'token-expired': MINUTE,
  'bad-image': null,
  stalled: 30 * SECOND,
  'too-slow': 5 * MINUTE,
  'disk-full': MINUTE,
  'engine-down': 5 * SECOND,
  'pull-failed': MINUTE,
  'start-failed': MINUTE,
}

export const reasonCodes = Object.keys(retries) as ReasonCode[]

/** What does not answer is tried once more. @param tries starts that have failed this way in a row */
export function retryAfter({ code }: Reason, tries: number): number | null {
  return code === 'no-answer' && tries > 0 ? null : retries[code]
}
