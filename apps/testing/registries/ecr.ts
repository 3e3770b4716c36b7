/**
 * A stand-in for AWS ECR's `GetAuthorizationToken` in front of a real registry (`AWS_ENDPOINT_URL_ECR`). It checks
 * signatures as AWS does, and its passwords really work.
 */
import { createHash, createHmac } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { http } from '../../shared/http.ts'
import type { Registry } from './registry.ts'

export const accessKey = { id: 'AKIALOTANTESTLOTANTE', secret: 'a/secret/of/the/tests' }

/** Handed out in turn. */
const passwords = [
  ['token-first', '$2y$05$abcdefghijklmnopqrstuup1M3l/Esa2fSyRMmyaAxfYFRcjQpNXS'],
  ['token-second', '$2y$05$abcdefghijklmnopqrstuu50TRWUkxDvai0pIOCPOLmADeo.lt7qS'],
  ['token-third', '$2y$05$abcdefghijklmnopqrstuuWtKRwpNU3nXqsA566FO/aIWAoaZ6xYS'],
] as const

export type Ecr = Awaited<ReturnType<typeof startEcr>>

export async function startEcr(registry: Registry) {
  const ecr = {
    endpoint: '',
    /** Milliseconds since 1970. */
    given: [] as { at: number; endsAt: number; region: string }[],
    /** Milliseconds. */
    life: 12 * 60 * 60_000,
    /** Answers 400 with this instead: `ExpiredTokenException`. */
    refusal: undefined as string | undefined,

    /** Ends all tokens early; the registry takes the next one. */
    async endTokens(): Promise<void> {
      await registry.admit([`AWS:${passwords[ecr.given.length % passwords.length]![1]}`])
    },

    close() {
      server.closeAllConnections()
      server.close()
    },
  }

  const server = http.createServer((req, res) => void answer(req, res))

  async function answer(req: IncomingMessage, res: ServerResponse) {
    let body = ''
    for await (const chunk of req.setEncoding('utf8')) body += chunk
    const send = (status: number, content: object) =>
      res.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1' }).end(JSON.stringify(content))
    const refuse = (type: string, message: string) => send(400, { __type: type, message })

    if (req.headers['x-amz-target'] !== 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken')
      return refuse('UnknownOperationException', '')
    const { key, region, isRight } = signatureOf(req, body)
    if (key !== accessKey.id)
      return refuse('UnrecognizedClientException', 'The security token included in the request is invalid.')
    if (!isRight) return refuse('InvalidSignatureException', 'The request signature we calculated does not match.')
    if (ecr.refusal) return refuse(ecr.refusal, 'told so by the test')

    const [password, hash] = passwords[ecr.given.length % passwords.length]!
    await registry.admit([`AWS:${hash}`])
    const endsAt = Date.now() + ecr.life
    ecr.given.push({ at: Date.now(), endsAt, region })
    const authorizationToken = Buffer.from(`AWS:${password}`).toString('base64')
    const proxyEndpoint = `https://123456789012.dkr.ecr.${region}.amazonaws.com`
    return send(200, { authorizationData: [{ authorizationToken, expiresAt: endsAt / 1_000, proxyEndpoint }] })
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ecr.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await ecr.endTokens()
  return ecr
}

/** AWS Signature Version 4. */
function signatureOf(req: IncomingMessage, body: string): { key: string; region: string; isRight: boolean } {
  const [, key = '', date = '', region = '', names = '', signature] =
    /Credential=([^/]+)\/(\d+)\/([^/]+)\/ecr\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)/.exec(
      req.headers.authorization ?? '',
    ) ?? []
  const hash = (text: string) => createHash('sha256').update(text).digest('hex')
  const headers = names.split(';').map((name) => `${name}:${String(req.headers[name])}\n`)
  const request = ['POST', '/', '', headers.join(''), names, hash(body)].join('\n')
  const scope = `${date}/${region}/ecr/aws4_request`
  const text = ['AWS4-HMAC-SHA256', String(req.headers['x-amz-date']), scope, hash(request)].join('\n')
  const secret = [date, region, 'ecr', 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${accessKey.secret}`,
  )
  return { key, region, isRight: createHmac('sha256', secret).update(text).digest('hex') === signature }
}
