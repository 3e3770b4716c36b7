/** Who signed a hook. Each comparison takes as long for each text. */
import { createHmac } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Config } from '../../shared/config/config.ts'
import { isSame } from '../../shared/secret.ts'

type Forge = NonNullable<Config['forge']>['kind']

/** Whether the forge has signed these bytes, or sent its secret. */
export function isSigned(forge: Forge, headers: IncomingHttpHeaders, body: Buffer, secret: string): boolean {
  if (forge === 'gitlab') return isSame(one(headers['x-gitlab-token']), secret)
  const signature = createHmac('sha256', secret).update(body).digest('hex')
  const names = forge === 'github' ? [] : ['x-gitea-signature', 'x-forgejo-signature']
  return hasHubSignature(headers, signature) || names.some((name) => isSame(one(headers[name]), signature))
}

/** As GitHub signs, and sends the events of its registry. Undefined where there is no such signature. */
export function isSignedByGithub(headers: IncomingHttpHeaders, body: Buffer, secret: string): boolean | undefined {
  return headers['x-hub-signature-256'] === undefined ? undefined : isSigned('github', headers, body, secret)
}

function hasHubSignature(headers: IncomingHttpHeaders, signature: string): boolean {
  return isSame(one(headers['x-hub-signature-256']), `sha256=${signature}`)
}

/** The password of a Bearer or Basic header: registries let one set either. Undefined where there is none. */
export function passwordIn({ authorization }: IncomingHttpHeaders): string | undefined {
  if (authorization === undefined) return undefined
  const [, scheme = '', rest = ''] = /^(\S+) +(.*)$/s.exec(authorization) ?? []
  if (/^bearer$/i.test(scheme)) return rest.trim()
  if (!/^basic$/i.test(scheme)) return ''
  return /^[^:]*:(.*)$/s.exec(Buffer.from(rest, 'base64').toString('utf8'))?.[1] ?? ''
}

function one(header: string | string[] | undefined): string {
  return typeof header === 'string' ? header : ''
}
