/** CI jobs by their own OpenID tokens (jose): no secret is kept for them, here or there. */
import { createRemoteJWKSet, decodeJwt, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import type { Config } from '../../shared/config/config.ts'
import { isIssuer } from '../../shared/config/values/address.ts'
import { splitId } from '../../shared/preview/preview-id.ts'
import type { Caller } from './caller.ts'

type Job = Config['trustedJobs'][number]

/** None that takes a public key for a shared secret. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
const ANSWER_MS = 5_000
/** So long after a key server did not answer, it is not asked again. */
const REST_MS = 2_000
const CLOCK_SECONDS = 30

/** Where a forge's token says which repository its job is of. */
const repositoryIn: Record<Job['forge'], (claims: JWTPayload) => unknown> = {
  github: ({ repository }) => repository,
  gitlab: ({ project_path }) => project_path,
}

/** The keys of an issuer could not be read: whether a token of it is right is not known. */
export class KeysError extends Error {
  override name = 'KeysError'
}

/**
 * Where a forge is configured, each job may act on the tags of the repositories that LOTAN_FORGE_REPOSITORY maps its own
 * to, and on no others.
 * @param audience the public address, which a job asks its token for
 */
export function openTrustedJobs({ trustedJobs, forge }: Pick<Config, 'trustedJobs' | 'forge'>, audience: string) {
  const keysOf = new Map(
    [...new Set(trustedJobs.map(({ issuer }) => issuer))].map((issuer) => [issuer, openKeys(issuer)]),
  )

  /** Undefined where it is no token of a trusted job. @throws KeysError */
  return async function callerByJob(token: string): Promise<Caller | undefined> {
    const issuer = issuerOf(token)
    const keys = issuer === undefined ? undefined : keysOf.get(issuer)
    if (!keys) return undefined
    const claims = await verify(token, keys, { issuer: issuer!, audience })
    const job =
      claims && trustedJobs.find((one) => one.issuer === issuer && repositoryIn[one.forge](claims) === one.repository)
    if (!job) return undefined
    return { via: 'token', can: 'run', who: `${job.forge}:${job.repository}`, sees: seenBy(job, forge) }
  }
}

/** Forges compare these names without regard to case. */
function seenBy({ repository }: Job, forge: Config['forge']): Caller['sees'] {
  if (!forge) return () => true
  const isOwn = ({ path }: { path: string }) => path.toLowerCase() === repository.toLowerCase()
  const names = new Set(forge.repositories.filter(isOwn).map(({ name }) => name))
  return (id) => names.has(splitId(id).repository)
}

async function verify(
  token: string,
  keys: () => Promise<JWTVerifyGetKey>,
  expected: { issuer: string; audience: string },
): Promise<JWTPayload | undefined> {
  try {
    const options = { algorithms: ALGORITHMS, requiredClaims: ['exp'], clockTolerance: CLOCK_SECONDS }
    const { payload } = await jwtVerify(token, await keys(), { ...expected, ...options })
    return payload
  } catch (error) {
    if (error instanceof KeysError) throw error
    if (isAboutToken(error)) return undefined
    throw new KeysError('reading the keys of an issuer', { cause: error })
  }
}

/** All else is about the key server. */
function isAboutToken(error: unknown): boolean {
  return (
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTExpired ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  )
}

/** Not believed yet: it only says whose keys to try. */
function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss
  } catch {
    return undefined
  }
}

/** Its address is read once; its keys again when a token names one that is not known, at most every 30 s. */
function openKeys(issuer: string): () => Promise<JWTVerifyGetKey> {
  let found: Promise<JWTVerifyGetKey> | undefined
  return () => {
    found ??= discover(issuer).catch((error: unknown) => {
      setTimeout(() => (found = undefined), REST_MS).unref()
      throw new KeysError(`reading the configuration of ${issuer}`, { cause: error })
    })
    return found
  }
}

async function discover(issuer: string): Promise<JWTVerifyGetKey> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const response = await fetch(address, { signal: AbortSignal.timeout(ANSWER_MS), redirect: 'error' })
  if (!response.ok) throw new Error(`it answers ${response.status}`)
  const { jwks_uri } = (await response.json()) as { jwks_uri?: unknown }
  if (typeof jwks_uri !== 'string' || !isIssuer(jwks_uri)) throw new Error('it has no address of keys')
  return createRemoteJWKSet(new URL(jwks_uri), { timeoutDuration: ANSWER_MS })
}
