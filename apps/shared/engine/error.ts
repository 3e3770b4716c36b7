/** By message, since the status tells too little: missing credentials and a registry that is down are both 500. */
import type { ReasonCode } from '../preview/failure-reason.ts'

/**
 * `taken`: another container has the name. `occupied`: the port or address is in use. `unjoined`: the sandbox whose
 * network it has does not run.
 */
export type EngineErrorCode = ReasonCode | 'missing' | 'taken' | 'occupied' | 'unjoined'

/** `message` holds the engine's own words, for the admin. */
export class EngineError extends Error {
  readonly code: EngineErrorCode
  /** Whose image it is about; undefined for the preview's own. */
  service?: string

  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'EngineError'
    this.code = code
  }
}

type Doing = 'pull' | 'create' | 'start' | 'other'

/** The first matching line decides. */
const patterns: [pattern: RegExp, code: EngineErrorCode, when?: Doing][] = [
  [/no space left on device|disk quota exceeded/i, 'disk-full'],
  // The image is being removed at this moment: a 500, not a 404.
  [/layer does not exist|unrecognized image ID/i, 'missing', 'other'],
  [
    /no matching manifest|unsupported (media type|manifest)|image operating system .* cannot be used/i,
    'bad-image',
    'pull',
  ],
  [/toomanyrequests|too many requests|pull rate limit|\brate exceeded/i, 'rate-limited', 'pull'],
  [/x509|server gave HTTP response to HTTPS client|\btls: (?!.*timeout)/i, 'tls', 'pull'],
  [/token (has|is) expired|expired token/i, 'token-expired', 'pull'],
  [
    /no basic auth credentials|unauthorized|authentication required|authorization (failed|token)|denied/i,
    'credentials',
    'pull',
  ],
  [/name unknown|repository (\S+|with name \S+) (not found|does not exist)/i, 'no-repository', 'pull'],
  [/manifest unknown|not found|no such image|does not exist/i, 'missing', 'pull'],
  [
    /connection refused|connection reset|no such host|server misbehaving|i\/o timeout|timeout exceeded|TLS handshake|no route to host|network is unreachable|unexpected EOF|(received unexpected HTTP status|status code): 5\d\d|: EOF$/i,
    'registry-down',
    'pull',
  ],
  [
    /no command specified|executable file not found|exec format error|no such file or directory: unknown|permission denied: unknown|unable to find user|no matching entries in passwd/i,
    'bad-image',
    'start',
  ],
  [/\bexec:? .*: operation not permitted/i, 'file-capabilities', 'start'],
  [/no command specified|invalid reference format/i, 'bad-image', 'create'],
  [/cannot join network of a non running container/i, 'unjoined', 'start'],
  [/port is already allocated|address already in use/i, 'occupied', 'start'],
]

export function engineError(error: unknown, doing: Doing = 'other'): EngineError {
  if (error instanceof EngineError) return error
  const { statusCode, code } = error as { statusCode?: number; code?: string }
  const message = wordsOf(error)
  const make = (code: EngineErrorCode) => new EngineError(code, message, { cause: error })
  if (statusCode === undefined && code !== undefined) return make('engine-down')
  if (statusCode === undefined && /socket hang up|aborted/i.test(message)) return make('engine-down')
  for (const [pattern, meaning, when] of patterns)
    if ((when === undefined || when === doing) && pattern.test(message)) return make(meaning)
  if (statusCode === 404) return make('missing')
  if (statusCode === 409 && doing === 'create') return make('taken')
  return make(doing === 'pull' ? 'pull-failed' : 'start-failed')
}

function wordsOf(error: unknown): string {
  const { message = String(error), json } = error as { message?: string; json?: { message?: unknown } }
  const said = typeof json?.message === 'string' ? json.message : message
  return said.replace(/^\(HTTP code \d+\) [^-]* - /, '').trim() || message
}
