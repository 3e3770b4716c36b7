/** OpenID Connect: the code flow with PKCE (openid-client). Asked only when a person logs in: Lotan starts without it. */
import * as oidc from 'openid-client'
import type { Config } from '../../shared/config/config.ts'
import type { Person } from './people.ts'

const TIMEOUT_SECONDS = 5

/** What the browser keeps while its person is at the provider. */
export interface Begun {
  state: string
  nonce: string
  verifier: string
}

/** `user`: what people are told it is. */
export interface Known extends Person {
  user: string
}

/** Something that the provider, or the way to it, did not do. */
export class ProviderError extends Error {
  readonly why: 'away' | 'refused'

  constructor(why: ProviderError['why'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ProviderError'
    this.why = why
  }
}

export type LoginProvider = ReturnType<typeof openLoginProvider>

export function openLoginProvider(provider: NonNullable<Config['provider']>, redirectUri: string) {
  const { issuer, clientId, clientSecret } = provider
  let found: Promise<oidc.Configuration> | undefined

  async function discover(): Promise<oidc.Configuration> {
    // A plain http issuer is on this machine: LOTAN_OIDC_ISSUER takes no other.
    const execute = [oidc.enableNonRepudiationChecks]
    if (issuer.startsWith('http:')) execute.push(oidc.allowInsecureRequests)
    const options = { timeout: TIMEOUT_SECONDS, execute }
    found ??= oidc.discovery(new URL(issuer), clientId, clientSecret, undefined, options)
    try {
      return await found
    } catch (error) {
      found = undefined
      throw new ProviderError('away', 'reading the configuration of the login provider', { cause: error })
    }
  }

  return {
    /** @throws ProviderError @returns where the browser is sent to, and what it keeps */
    async begin(): Promise<{ to: URL; begun: Begun }> {
      const configuration = await discover()
      const begun = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier() }
      const hasGroups = configuration.serverMetadata().scopes_supported?.includes('groups')
      const to = oidc.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: `openid email profile${hasGroups ? ' groups' : ''}`,
        code_challenge: await oidc.calculatePKCECodeChallenge(begun.verifier),
        code_challenge_method: 'S256',
        state: begun.state,
        nonce: begun.nonce,
      })
      return { to, begun }
    },

    /** @param query of the redirect back, with its `?` @throws ProviderError */
    async finish(query: string, { state, nonce, verifier }: Begun): Promise<Known> {
      const configuration = await discover()
      try {
        const tokens = await oidc.authorizationCodeGrant(configuration, new URL(query, redirectUri), {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        })
        const claims = tokens.claims()!
        // Many providers tell the address and the groups only here.
        const hasMore = configuration.serverMetadata().userinfo_endpoint !== undefined
        const more = hasMore ? await oidc.fetchUserInfo(configuration, tokens.access_token, claims.sub) : {}
        return knownBy({ ...claims, ...more })
      } catch (error) {
        throw new ProviderError(isNoAnswer(error) ? 'away' : 'refused', 'finishing a login', { cause: error })
      }
    },
  }
}

/** An address counts only where the provider has verified that it is this person's. */
function knownBy(claims: Record<string, unknown> & { sub: string }): Known {
  const { sub, email, email_verified: isVerified, groups } = claims
  const address = typeof email === 'string' && isVerified === true ? email.toLowerCase() : null
  const names = Array.isArray(groups) ? groups.filter((group) => typeof group === 'string') : []
  return { user: address ?? `oidc:${sub}`, address, groups: names }
}

/** No connection, no answer in time, or one that says that the provider itself is in trouble. */
function isNoAnswer(error: unknown): boolean {
  const { name, code, status, cause } = error as Error & { code?: string; status?: number; cause?: { status?: number } }
  if (name === 'TypeError' || name === 'TimeoutError' || code === 'OAUTH_TIMEOUT') return true
  return (status ?? cause?.status ?? 0) >= 500
}
