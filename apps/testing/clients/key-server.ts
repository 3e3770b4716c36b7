/** An issuer of jobs' tokens, on loopback: its configuration, its keys, and tokens of any shape. */
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose'
import { http } from '../../shared/http.ts'

export async function startKeyServer() {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const other = await generateKeyPair('RS256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }
  let asked = 0
  let works = true
  const server = http.createServer((req, res) => {
    asked++
    if (!works) return res.writeHead(500).end('no')
    res.setHeader('Content-Type', 'application/json')
    if (req.url === '/.well-known/openid-configuration')
      return res.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }))
    return res.end(JSON.stringify({ keys: [jwk] }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

  return {
    issuer,
    asked: () => asked,
    works: (now: boolean) => (works = now),

    sign: (claims: Record<string, unknown>, { kid = 'one', wrongKey = false } = {}): Promise<string> =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid }).sign(wrongKey ? other.privateKey : privateKey),

    unsigned: (claims: object): string => `${part({ alg: 'none', kid: 'one' })}.${part(claims)}.`,

    /** With the public key, which all know, as the secret. */
    async signedByPublicKey(claims: object): Promise<string> {
      const text = `${part({ alg: 'HS256', kid: 'one' })}.${part(claims)}`
      const signature = createHmac('sha256', await exportSPKI(publicKey))
        .update(text)
        .digest('base64url')
      return `${text}.${signature}`
    },

    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
