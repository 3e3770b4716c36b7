/** What an operation takes and answers comes from the schemas that check it. */
import type { Request, Response } from 'express'
import { z } from 'zod'
import { preview } from '../../../shared/api/preview.ts'
import { problem } from '../../../shared/api/problem.ts'
import type { Route } from '../../access/route.ts'
import { tagText } from './input.ts'

export interface Operation {
  operationId: string
  summary: string
  description?: string
  parameters?: object[]
  requestBody?: object
  responses: Record<number, object>
}

/** Its path is the one below /api/v1. */
export interface ApiRoute extends Omit<Route, 'handle'> {
  operation: Operation
  /** All the query parameters that it takes (query.ts: `takes`); without one it takes none. */
  query?: z.ZodObject
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what its own `query` makes of the parameters
  handle: (req: Request, res: Response, sent: any) => unknown
  /** Without a repository in its path it is about all of them; with one it takes this instead. */
  inRepository?: Pick<ApiRoute, 'query' | 'handle'>
}

export const tagParameter = { name: 'tag', in: 'path', required: true, schema: jsonSchemaOf(tagText('')) }

export function queryParametersOf({ query }: Pick<ApiRoute, 'query'>): object[] {
  return Object.entries(query?.shape ?? {}).map(([name, field]) => {
    const { description, ...schema } = jsonSchemaOf(field as z.ZodType)
    const commas = schema.type === 'array' ? { style: 'form', explode: false } : {}
    const required = (field as z.ZodType).safeParse(undefined).success ? {} : { required: true }
    return { name, in: 'query', ...required, schema, description, ...commas }
  })
}

export function body(schema: z.ZodType) {
  return { required: true, content: { 'application/json': { schema: jsonSchemaOf(schema) } } }
}

export function answer(description: string, schema: z.ZodType, type = 'application/json') {
  return { description, content: { [type]: { schema: jsonSchemaOf(schema) } } }
}

export function problemAnswer(description: string) {
  return answer(description, problem, 'application/problem+json')
}

export const accepted = answer('Accepted: the preview as it is now.', preview)
export const noPreview = problemAnswer('There is no preview of this tag, or it is no valid tag.')
export const barred = problemAnswer('Its pull request is closed, or comes from a fork and is not approved.')
export const refused = problemAnswer(
  'Another site asked for the change, with the login cookie; or TAG_FILTER, or the token’s pattern, has no such tag ' +
    'to start.',
)

export function change(operationId: string, summary: string): Operation {
  return {
    operationId,
    summary,
    parameters: [tagParameter],
    responses: { 202: accepted, 403: refused, 404: noPreview },
  }
}

interface JsonSchema {
  [key: string]: unknown
  description?: string
}

/** A reference, for a schema with an id: the document has it among its components. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const id = z.globalRegistry.get(schema)?.id
  if (id) return { $ref: `#/components/schemas/${id}` }
  if (schema instanceof z.ZodArray) return { type: 'array', items: jsonSchemaOf(schema.element as z.ZodType) }
  return componentOf(schema)
}

export function componentOf(schema: z.ZodType): JsonSchema {
  const { $defs, $ref, ...plain } = z.toJSONSchema(schema) as JsonSchema & {
    $defs?: Record<string, JsonSchema>
  }
  const found = typeof $ref === 'string' ? $defs![$ref.split('/').at(-1)!] : plain
  return JSON.parse(JSON.stringify(found), (_key, value: unknown) => simpler(value)) as JsonSchema
}

/** Without what only zod needs to say: clients allow for new fields, and know what a date is. */
function simpler(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const { anyOf, ...schema } = value as JsonSchema
  delete schema.$schema
  if (schema.additionalProperties === false) delete schema.additionalProperties
  if (schema.format === 'date-time') delete schema.pattern
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum
  const [inner, none] = Array.isArray(anyOf) ? (anyOf as JsonSchema[]) : []
  if (none?.type === 'null') return { ...inner, ...schema, type: [inner!.type, 'null'] }
  return anyOf ? { ...schema, anyOf } : schema
}
