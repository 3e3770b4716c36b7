/** Tokens of AWS ECR can end early: they are renewed before their end, and when they are refused. */
import type { Login } from './docker-config.ts'
import { RegistryError } from './error.ts'

/** Docker's helper for ECR. Lotan serves this name itself, without that program. */
export const ECR_HELPER = 'ecr-login'

const TIMEOUT_MS = 20_000
/** A token is renewed this long before its end, or at half its life, whichever is later. */
const MARGIN_MS = 30 * 60_000

interface Token {
  password: string
  username: string
  renewAt: number
  endsAt: number
}

export function ecrRegion(host: string): string | undefined {
  return /^\d{12}\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|on\.aws|on\.amazonwebservices\.com\.cn)$/.exec(
    host,
  )?.[1]
}

/** Never returns the `refused` login. @param region for registries whose name has none; null: the SDK's choice */
export function openEcr(region: string | null): (host: string, refused?: Login) => Promise<Login> {
  const kept = new Map<string, Token>()
  const fetching = new Map<string, Promise<Token>>()

  async function tokenFor(region: string, refused: string | undefined): Promise<Token> {
    const last = kept.get(region)
    const current = last && last.password !== refused ? last : undefined
    if (current && Date.now() < current.renewAt) return current
    try {
      return await (fetching.get(region) ?? begin(region, last !== undefined))
    } catch (error) {
      if (current && Date.now() < current.endsAt) return current
      throw error
    }
  }

  function begin(region: string, isRenewal: boolean): Promise<Token> {
    const asked = fetchToken(region || undefined, isRenewal)
      .then((token) => {
        kept.set(region, token)
        return token
      })
      .finally(() => fetching.delete(region))
    fetching.set(region, asked)
    return asked
  }

  return async (host, refused) => {
    const was = refused && 'password' in refused ? refused.password : undefined
    const { username, password } = await tokenFor(ecrRegion(host) ?? region ?? '', was)
    return { username, password, serveraddress: host }
  }
}

/** Imported on demand: most instances use other registries. */
async function fetchToken(region: string | undefined, renewing: boolean): Promise<Token> {
  const { ECRClient, GetAuthorizationTokenCommand } = await import('@aws-sdk/client-ecr')
  const began = Date.now()
  // A new client and no cache: credentials changed on disk count at once.
  const fresh = { ignoreCache: true }
  const client = new ECRClient({ ...fresh, ...(region && { region }) })
  const late = AbortSignal.timeout(TIMEOUT_MS)
  try {
    const answer = await Promise.race([
      client.send(new GetAuthorizationTokenCommand(), { abortSignal: late }),
      rejectedBy(late),
    ])
    const { authorizationToken, expiresAt } = answer.authorizationData?.[0] ?? {}
    const [, username, password] = /^([^:]+):(.+)$/s.exec(decoded(authorizationToken)) ?? []
    if (!username || !password || !expiresAt) throw new Error('AWS ECR gave no token')
    const endsAt = expiresAt.getTime()
    return { username, password, endsAt, renewAt: Math.max(endsAt - MARGIN_MS, (began + endsAt) / 2) }
  } catch (error) {
    throw awsError(error as Error, renewing)
  } finally {
    client.destroy()
  }
}

/** @param renewing AWS has accepted these credentials before */
export function awsError(error: Error, renewing: boolean): RegistryError {
  // What AWS answers stands in both as it is.
  const [name, message] = [String(error.name).slice(0, 100), String(error.message).slice(0, 500)]
  const make = (code: RegistryError['code']) => new RegistryError(code, `${name}: ${message}`, { cause: error })
  if (/region is missing/i.test(message)) return make('aws-region')
  if (/^Expired|TokenRefreshRequired/.test(name) || /\bexpired\b/i.test(message)) return make('token-expired')
  if (
    /^(CredentialsProviderError|TokenProviderError|UnrecognizedClient|InvalidSignature|SignatureDoesNotMatch|InvalidClientTokenId|IncompleteSignature|MissingAuthenticationToken|AccessDenied|UnauthorizedException|OptInRequired)/.test(
      name,
    )
  )
    return make('aws-credentials')
  if (renewing) return make('token-expired')
  return make(/Throttl|TooManyRequests/.test(name) ? 'rate-limited' : 'registry-down')
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(new Error(`AWS gave no answer in ${TIMEOUT_MS / 1_000} s`))),
  )
}

function decoded(token = ''): string {
  return Buffer.from(token, 'base64').toString('utf8')
}
