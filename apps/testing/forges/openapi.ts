/** A forge's own description of its API (OpenAPI 3.0), by which each request and each answer is checked. */
import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import type { Answer, Asked } from './server.ts'

type Json = Record<string, unknown>

export interface Description {
  paths: Record<string, Record<string, Operation>>
  components: Record<string, Record<string, Json>>
}

interface Operation {
  operationId: string
  parameters?: Json[]
  requestBody?: { required?: boolean; content: Record<string, { schema: Json }> }
  responses: Record<string, Json>
}

export interface Known {
  id: string
  /** Decoded, by their names in the path. */
  params: Record<string, string>
  operation: Operation
}

/** What an error of a forge looks like that the description leaves out: 404 of an edit, for example. */
const ERROR_SCHEMA = { type: 'object', required: ['message'], properties: { message: { type: 'string' } } }

export function openDescription(description: Description) {
  const { paths, components } = description
  const templates = Object.keys(paths)
    .map((path) => ({ path, form: formOf(path), names: [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!) }))
    // The one that fixes more of the path is meant.
    .sort((one, other) => one.names.length - other.names.length)
  // What is sent in a query is text: `page=2` is a number all the same.
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false })
  const lenient = new Ajv({ strict: false, allErrors: true, logger: false, coerceTypes: true })
  for (const one of [ajv, lenient]) (addFormats as unknown as typeof addFormats.default)(one)
  const compiled = new Map<string, ValidateFunction>()

  function resolved<T>(value: Json): T {
    const ref = value.$ref
    if (typeof ref !== 'string') return value as T
    const [, , kind, name] = ref.split('/')
    return components[kind!]![name!] as T
  }

  /** With no more of the description than it leads to. */
  function validator(key: string, schema: Json, by = ajv): ValidateFunction {
    const known = compiled.get(key)
    if (known) return known
    const schemas: Json = {}
    const converted = convert(schema, add)
    function add(name: string): void {
      if (name in schemas) return
      schemas[name] = true
      schemas[name] = convert(components.schemas![name]!, add)
    }
    const made = by.compile({ ...converted, components: { schemas } })
    compiled.set(key, made)
    return made
  }

  function problemsOf(what: string, validate: ValidateFunction, value: unknown): string[] {
    if (validate(value)) return []
    return validate
      .errors!.slice(0, 5)
      .map(({ instancePath, message, params }) => `${what}${instancePath} ${message} ${JSON.stringify(params)}`)
  }

  return {
    /** Undefined where the description has no such path, or not by that method. */
    find({ method, path }: Pick<Asked, 'method' | 'path'>): Known | undefined {
      for (const template of templates) {
        const found = template.form.exec(path)
        const operation = found && paths[template.path]![method.toLowerCase()]
        if (!operation) continue
        const params = Object.fromEntries(template.names.map((name, at) => [name, decodeURIComponent(found[at + 1]!)]))
        return { id: operation.operationId, params, operation }
      }
      return undefined
    },

    requestProblems({ id, params, operation }: Known, { query, body }: Asked): string[] {
      const parameters = (operation.parameters ?? []).map((one) =>
        resolved<{ name: string; in: string; required?: boolean; schema: Json }>(one),
      )
      const inside = (place: string): Json => {
        const those = parameters.filter((one) => one.in === place)
        return {
          type: 'object',
          properties: Object.fromEntries(those.map(({ name, schema }) => [name, schema])),
          required: those.filter(({ required }) => required).map(({ name }) => name),
          additionalProperties: false,
        }
      }
      return [
        ...problemsOf('path', validator(`${id} path`, inside('path'), lenient), { ...params }),
        ...problemsOf('query', validator(`${id} query`, inside('query'), lenient), Object.fromEntries(query)),
        ...bodyProblems(id, operation, body),
      ]
    },

    answerProblems({ id, operation }: Known, { status, body }: Answer): string[] {
      const described = operation.responses[status]
      if (!described && status < 400) return [`the answer ${status} is not described`]
      const { content } = described
        ? resolved<{ content?: Record<string, { schema: Json }> }>(described)
        : { content: { 'application/json': { schema: ERROR_SCHEMA } } }
      const schema = content?.['application/json']?.schema
      if (!schema) return body === undefined || status >= 400 ? [] : [`the answer ${status} has a body`]
      return problemsOf(`answer ${status}`, validator(`${id} ${status}`, schema), body)
    },
  }

  function bodyProblems(id: string, { requestBody }: Operation, body: unknown): string[] {
    const schema = requestBody?.content['application/json']?.schema
    if (!schema) return body === undefined ? [] : ['a body, where none is described']
    if (body === undefined) return requestBody?.required ? ['no body'] : []
    // A field that the forge does not know is a mistake of ours, though a forge would let it pass.
    const closed = schema.type === 'object' && schema.properties ? { additionalProperties: false, ...schema } : schema
    return problemsOf('body', validator(`${id} body`, closed), body)
  }
}

function formOf(path: string): RegExp {
  const text = path.replace(/[.+*?^$()[\]|\\]/g, '\\$&').replace(/\{\w+\}/g, '([^/]+)')
  return new RegExp(`^${text}$`)
}

/** OpenAPI 3.0's `nullable` in the words of JSON Schema. @param needs is told each schema that it refers to */
function convert(schema: Json, needs: (name: string) => void): Json {
  const walked = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, walk(key, value)]))
  const { nullable, ...rest } = walked
  if (typeof rest.$ref === 'string') needs(rest.$ref.split('/').at(-1)!)
  return nullable === true ? { anyOf: [{ type: 'null' }, rest] } : rest

  function walk(key: string, value: unknown): unknown {
    if (key === 'example' || key === 'examples' || key === 'enum' || key === 'default') return value
    if (key === 'properties') return mapped(value as Json)
    if (Array.isArray(value)) return value.map((one: unknown) => (isObject(one) ? convert(one, needs) : one))
    return isObject(value) ? convert(value, needs) : value
  }

  function mapped(properties: Json): Json {
    return Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, walk('', one)]))
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
