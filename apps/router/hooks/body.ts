/** What a hook's request carries beside its signature. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Request } from 'express'

export function bytesOf({ body }: Pick<Request, 'body'>): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0)
}

/** GitHub's older content type has the JSON in a form's field. @returns null for what is no JSON */
export function payloadIn({ headers }: Pick<Request, 'headers'>, body: Buffer): unknown {
  const text = body.toString('utf8')
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '')
  try {
    return JSON.parse(isForm ? (new URLSearchParams(text).get('payload') ?? '') : text)
  } catch {
    return null
  }
}

/** GitLab's Idempotency-Key first: a delivery that another one has led to has the same X-Gitlab-Event-UUID as that. */
const headersOf = {
  github: ['x-github-delivery'],
  gitlab: ['idempotency-key', 'x-gitlab-event-uuid'],
  gitea: ['x-gitea-delivery', 'x-forgejo-delivery', 'x-github-delivery'],
} as const

export function deliveryOf(headers: IncomingHttpHeaders, forge: keyof typeof headersOf): string | null {
  const sent = headersOf[forge].map((name) => headers[name]).find((value) => typeof value === 'string')
  return typeof sent === 'string' && /^[\x21-\x7e]{8,200}$/.test(sent) ? `${forge} ${sent}` : null
}
