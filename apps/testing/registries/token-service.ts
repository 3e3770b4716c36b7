/** A token service as Docker Hub's (https://distribution.github.io/distribution/spec/auth/jwt/), for one test file. */
import { randomUUID, sign, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { http } from '../../shared/http.ts'
import { makeCertificate } from '../harness/certificate.ts'
import { login } from './registry.ts'

const SERVICE = 'registry.test'
const ISSUER = 'lotan-test'
/** Works in place of the login. */
export const identity = 'an-identity-token'

export type TokenService = Awaited<ReturnType<typeof startTokenService>>

export async function startTokenService() {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-tokens-'))
  const { certificate, key } = await makeCertificate(dir)
  const privateKey = await fs.readFile(key, 'utf8')
  const x5c = [new X509Certificate(await fs.readFile(certificate)).raw.toString('base64')]

  function tokenFor(subject: string, access: object[], seconds: number): string {
    const now = Math.floor(Date.now() / 1_000)
    const claims = { iss: ISSUER, sub: subject, aud: SERVICE, iat: now, nbf: now - 10, exp: now + seconds, jti: randomUUID(), access } // prettier-ignore
    const text = [{ typ: 'JWT', alg: 'ES256', x5c }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
    return `${text}.${signature.toString('base64url')}`
  }

  const service = {
    realm: '',
    /** Whether anonymous clients may pull. */
    isPublic: true,
    /** User, method and scope of each request. */
    asked: [] as string[],
    /** Passwords by the one repository that each opens: its user has the repository's name, as with GitLab's deploy tokens. */
    deployTokens: {} as Record<string, string>,
    /** The registry's `auth.token`. */
    get configuration() {
      return { realm: service.realm, service: SERVICE, issuer: ISSUER, rootcertbundle: certificate }
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await fs.rm(dir, { recursive: true })
    },
  }

  const server = http.createServer((req, res) => void answer(req, res))

  async function answer(req: IncomingMessage, res: ServerResponse) {
    const form = req.method === 'POST' ? new URLSearchParams(await bodyOf(req)) : undefined
    const query = form ?? new URL(req.url!, service.realm).searchParams
    const who = form ? bearerOf(form) : basicOf(req.headers.authorization, service.deployTokens)
    service.asked.push(`${req.method} ${who ?? 'refused'} ${query.get('scope') ?? ''}`)
    if (who === undefined || query.get('service') !== SERVICE)
      return res
        .writeHead(401, { 'Content-Type': 'application/json' })
        .end('{"details":"incorrect username or password"}')
    const access = query.getAll('scope').flatMap((scope) => {
      const [type, name, actions = ''] = scope.split(':')
      const isAllowed = who === login.username || who === name || service.isPublic
      const allowed = isAllowed ? ['pull', ...(who === login.username ? ['push'] : [])] : []
      const granted = actions.split(',').filter((action) => allowed.includes(action))
      return granted.length > 0 ? [{ type, name, actions: granted }] : []
    })
    const token = tokenFor(who, access, 60)
    return res.setHeader('Content-Type', 'application/json').end(JSON.stringify({ token, access_token: token }))
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  service.realm = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
  return service
}

/** Undefined for a wrong login. */
function basicOf(authorization: string | undefined, deployTokens: Record<string, string>): string | undefined {
  if (!authorization) return 'anonymous'
  const said = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString()
  const logins = { ...deployTokens, [login.username]: login.password }
  return Object.keys(logins).find((username) => said === `${username}:${logins[username]}`)
}

function bearerOf(form: URLSearchParams): string | undefined {
  const isGood = form.get('grant_type') === 'refresh_token' && form.get('refresh_token') === identity
  return isGood && form.get('client_id') ? login.username : undefined
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of req.setEncoding('utf8')) text += chunk
  return text
}
