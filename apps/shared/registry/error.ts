import type { RegistryCode } from '../preview/failure-reason.ts'

interface More {
  program?: string
  retryAfter?: number
  status?: number
  /** Of a `bad-image`: the tag's digest, and whether it is no image at all. */
  digest?: string
  isArtifact?: boolean
  /** This process could not connect; the engine may have another way. */
  isUnreached?: boolean
  cause?: unknown
}

/** `message` is for the admin. */
export class RegistryError extends Error {
  readonly code: RegistryCode
  readonly program: string | undefined
  readonly retryAfter: number | undefined
  readonly status: number | undefined
  readonly digest: string | undefined
  readonly isArtifact: boolean
  readonly isUnreached: boolean
  /** Whose image it is about; undefined for the preview's own. */
  service?: string

  constructor(code: RegistryCode, message: string, more: More = {}) {
    const { program, retryAfter, status, digest, isArtifact = false, isUnreached = false, cause } = more
    super(message, { cause })
    this.name = 'RegistryError'
    this.code = code
    this.program = program
    this.retryAfter = retryAfter
    this.status = status
    this.digest = digest
    this.isArtifact = isArtifact
    this.isUnreached = isUnreached
  }

  /** With the stack of this throw. @param retryAfter what is left of it */
  again(retryAfter = this.retryAfter): RegistryError {
    const { code, message, program, status, digest, isArtifact, isUnreached } = this
    return new RegistryError(code, message, { program, retryAfter, status, digest, isArtifact, isUnreached })
  }
}

export function refusalOf(response: Response, what: string): RegistryError | undefined {
  if (response.ok) return undefined
  const detail = `${new URL(response.url).host} answered ${response.status} for ${what}`
  const { status } = response
  switch (status) {
    case 401:
    case 403:
      return new RegistryError('credentials', detail, { status })
    case 404:
      return new RegistryError('no-repository', detail, { status })
    case 429:
      return new RegistryError('rate-limited', detail, { status, retryAfter: retryAfterOf(response) })
    default:
      return new RegistryError('registry-down', detail, { status, retryAfter: retryAfterOf(response) })
  }
}

export function unreachable(url: URL, error: unknown): RegistryError {
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } }
  const said = `${url.host}: ${cause?.message || cause?.code || message}`
  const code = cause?.code ?? ''
  const isUnreached = isTlsError(code) || isUnreachable(code)
  return new RegistryError(isTlsError(code) ? 'tls' : 'registry-down', said, { isUnreached, cause: error })
}

/** It never connected. A connection that broke later has another error. */
function isUnreachable(code: string): boolean {
  return /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/.test(code)
}

/** OpenSSL's and Node's codes for an untrusted certificate, or no TLS at the other end. */
function isTlsError(code: string): boolean {
  return /^(ERR_(SSL|TLS)_|EPROTO$|CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE))/.test(
    code,
  )
}

/** Seconds or a date (RFC 9110, 10.2.3). */
function retryAfterOf(response: Response): number | undefined {
  const text = response.headers.get('retry-after') ?? ''
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now()
  return ms > 0 ? ms : undefined
}
