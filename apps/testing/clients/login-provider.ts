/** A login provider for tests: a real one (oidc-provider) on loopback, whose people log in by their name alone. */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'
import { http } from '../../shared/http.ts'

export interface Account {
  email?: string
  email_verified?: boolean
  groups?: string[]
}

export const client = { id: 'lotan', secret: 'the-secret-of-the-client' }

/** @param redirectUri the only one it leads back to */
export async function startLoginProvider(accounts: Record<string, Account>, redirectUri: string) {
  const server = http.createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const issuer = `http://127.0.0.1:${port}`
  const provider = new Provider(issuer, {
    clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: [redirectUri] }],
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    claims: { email: ['email', 'email_verified'], groups: ['groups'], profile: [] },
    scopes: ['openid', 'email', 'profile', 'groups'],
    cookies: { keys: ['of-a-test'] },
    interactions: { url: (_ctx, { uid }) => `/as/${uid}` },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: async () => ({ sub, ...accounts[sub] }) }),
    // Without a page that asks for consent.
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client!.clientId,
        accountId: ctx.oidc.session!.accountId!,
      })
      grant.addOIDCScope('openid email profile groups')
      await grant.save()
      return grant
    },
  })
  const answer = provider.callback()
  server.on('request', (req, res) => void (req.url!.startsWith('/as/') ? logIn(req, res) : answer(req, res)))

  /** Shows a link for each account, and logs in by it; `?refuse` is a person who does not want to. */
  async function logIn(req: IncomingMessage, res: ServerResponse) {
    const query = new URL(req.url!, issuer).searchParams
    const name = query.get('name')
    if (query.has('refuse'))
      return provider.interactionFinished(req, res, { error: 'access_denied', error_description: 'not today' })
    if (name !== null) return provider.interactionFinished(req, res, { login: { accountId: name, remember: false } })
    const links = Object.keys(accounts).map((name) => `<a href="?name=${name}">${name}</a>`)
    return res.setHeader('Content-Type', 'text/html').end(`${links.join(' ')} <a href="?refuse">refuse</a>`)
  }

  return {
    issuer,
    port,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
