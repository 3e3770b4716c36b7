/** Asks the API of a bed, and holds each answer against the description that it gives of itself. */
import assert from 'node:assert/strict'
import { z } from 'zod'
import type { Ask, Answer, Bed } from '../admin/harness.ts'
import { components } from './conventions/openapi.ts'

interface Schema {
  $ref?: string
  type?: string
  items?: Schema
}

interface Description {
  paths: Record<string, Record<string, { responses: Record<number, { content: Record<string, { schema: Schema }> }> }>>
}

export async function describedOf({ api }: Pick<Bed, 'api'>) {
  const { paths } = (await api('/openapi.json')).json as Description

  /** @param uri below /api/v1, with its query */
  return async function described(method: string, uri: string, sent: Ask = {}): Promise<Answer> {
    const answer = await api(uri, { method, ...sent })
    const template = uri
      .replace(/\?.*/, '')
      .replace(/(\/previews\/)[^/]+/, '$1{tag}')
      .replace(/^(\/repositories\/)[^/]+/, '$1{repository}')
    const told = paths[template]?.[method.toLowerCase()]?.responses[answer.status]
    assert.ok(told, `${method} ${template} answers ${answer.status}, which is not described: ${answer.text}`)
    const [type, { schema }] = Object.entries(told.content)[0]!
    assert.equal(answer.headers['content-type']!.split(';')[0], type)
    // A schema leaves out what it does not know: what comes through it unchanged has nothing undescribed.
    if (answer.json) assert.deepEqual(schemaOf(schema).parse(answer.json), answer.json)
    return answer
  }
}

function schemaOf({ $ref, type, items }: Schema): z.ZodType {
  if ($ref) return components[$ref.split('/').at(-1) as keyof typeof components]
  return type === 'array' ? z.array(schemaOf(items!)) : z.looseObject({})
}
