/** The API's description, as it is served at /api/v1/openapi.json. */
import { urlOf, type Config } from '../../shared/config/config.ts'

const text = { type: 'string' }
const orNull = (type: string) => ({ type: [type, 'null'] })
const time = { type: 'string', format: 'date-time' }
const count = { type: 'integer', minimum: 0 }
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })
const json = (schema: object, type = 'application/json') => ({ content: { [type]: { schema } } })

const problem = (description: string) => ({ description, ...json(ref('Problem'), 'application/problem+json') })
const accepted = { description: 'Accepted: the preview as it is now.', ...json(ref('Preview')) }
const unknown = problem('There is no preview of this tag, or it is no valid tag.')
const foreign = problem('With the login cookie: the change was asked for by another site.')
const events = {
  description:
    'First how things are, then what changes. Event `preview` has a Preview as its data; `removed` has `{"tag": …}`.',
  content: { 'text/event-stream': { schema: text } },
}

const tag = {
  name: 'tag',
  in: 'path',
  required: true,
  schema: { type: 'string', pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$' },
}

const query = (name: string, schema: object, description: string) => ({ name, in: 'query', schema, description })

const change = (operationId: string, summary: string) => ({
  operationId,
  summary,
  parameters: [tag],
  responses: { 202: accepted, 403: foreign, 404: unknown },
})

const preview = {
  type: 'object',
  properties: {
    tag: text,
    host: text,
    url: { type: 'string', format: 'uri' },
    state: {
      enum: ['queued', 'pulling', 'starting', 'running', 'paused', 'stopping', 'stopped', 'removing', 'failed'],
    },
    reason: { ...orNull('string'), description: 'Why it failed, or why it is tried again: a code.' },
    since: { ...time, description: 'When the state was entered.' },
    lastSeen: { ...time, ...orNull('string') },
    image: { ...orNull('string'), description: 'The engine’s id of the image; null when it is not here.' },
    digest: orNull('string'),
    container: orNull('string'),
    slot: orNull('integer'),
    generation: orNull('integer'),
    progress: {
      type: ['object', 'null'],
      description: 'How far the pull is. Nothing in it runs backwards within one start.',
      properties: {
        bytes: count,
        total: count,
        layers: count,
        layersDone: count,
        percent: { type: 'number', minimum: 0, maximum: 100 },
        waitsFor: { enum: ['room'], description: 'Only while it waits: for room on the engine’s disk.' },
      },
      required: ['bytes', 'total', 'layers', 'layersDone', 'percent'],
    },
    detail: { ...text, description: 'One sentence for people.' },
    engine: {
      type: ['object', 'null'],
      description: 'What the engine and the application said when it failed.',
      properties: { detail: text, output: { type: 'array', items: text } },
      required: ['detail', 'output'],
    },
    position: { ...orNull('integer'), description: 'Place in line, from 1.' },
    usual: {
      ...orNull('integer'),
      description:
        'How long a start like this one usually takes, milliseconds: by its own last one, else by those of other ' +
        'previews. Null while that is not known, and unless it is on its way up.',
    },
    timing: {
      type: 'object',
      description: 'How long each stage of the last start took, milliseconds.',
      properties: Object.fromEntries(
        ['queue', 'pull', 'start', 'ready', 'total'].map((stage) => [stage, orNull('integer')]),
      ),
      required: ['queue', 'pull', 'start', 'ready', 'total'],
    },
    created: {
      ...orNull('string'),
      description: 'When the image was built: its label org.opencontainers.image.created, else as the engine has it.',
    },
    revision: { ...orNull('string'), description: 'The image’s label org.opencontainers.image.revision.' },
    notice: { ...orNull('string'), description: 'Something to know of a preview that works all the same.' },
  },
}

const schemas = {
  Preview: { ...preview, required: Object.keys(preview.properties) },
  OfferedTag: {
    type: 'object',
    properties: {
      tag: text,
      digest: {
        ...orNull('string'),
        description:
          'The one that was last seen there, when it was pulled or asked for a newer one. Null where nobody has had a ' +
          'reason to ask: a list asks the registry for no digests.',
      },
      preview: { type: 'boolean', description: 'Whether there is a preview of it.' },
      host: text,
      url: { type: 'string', format: 'uri' },
    },
    required: ['tag', 'digest', 'preview', 'host', 'url'],
  },
  Problem: {
    type: 'object',
    description: 'RFC 9457.',
    properties: {
      type: text,
      title: text,
      status: { type: 'integer' },
      detail: text,
      tag: text,
      state: text,
      reason: text,
      advice: { ...text, description: 'What whoever can mend it should do.' },
    },
    required: ['type', 'title', 'status', 'detail'],
  },
}

const paths = {
  '/previews': {
    get: {
      operationId: 'listPreviews',
      summary: 'Every preview, by tag.',
      responses: { 200: { description: 'All of them.', ...json({ type: 'array', items: ref('Preview') }) } },
    },
    post: {
      operationId: 'addPreview',
      summary: 'Adds a tag and starts it.',
      requestBody: {
        required: true,
        ...json({ type: 'object', properties: { tag: tag.schema }, required: ['tag'] }),
      },
      responses: {
        202: accepted,
        400: problem('No JSON with a valid tag.'),
        403: foreign,
        413: problem('More than a tag.'),
        415: problem('The body is not sent as JSON.'),
      },
    },
  },
  '/previews/{tag}': {
    get: {
      operationId: 'getPreview',
      summary: 'One preview.',
      parameters: [tag],
      responses: { 200: { description: 'The preview.', ...json(ref('Preview')) }, 404: unknown },
    },
    delete: change('removePreview', 'Removes a preview: its container and its image go.'),
  },
  '/previews/{tag}/start': {
    post: change('startPreview', 'Starts a preview; a tag that is none yet becomes one.'),
  },
  '/previews/{tag}/stop': { post: change('stopPreview', 'Stops a preview. Its image stays.') },
  '/previews/{tag}/refresh': { post: change('refreshPreview', 'Looks for a newer image now, and lets it take over.') },
  '/previews/{tag}/restart': { post: change('restartPreview', 'Stops a preview and starts it again.') },
  '/previews/{tag}/wait': {
    get: {
      operationId: 'waitForPreview',
      summary: 'Starts a preview if need be, and answers once it runs.',
      description:
        'A tag that the registry does not have yet is asked for again until time is up. Where a newer image was asked ' +
        'for (refresh), or is taking over already, it is waited for until that has taken over, or is given up; `digest` ' +
        'says which one serves. Waiting counts as activity.',
      parameters: [
        tag,
        query('timeout', { type: 'number', minimum: 0, maximum: 600, default: 60 }, 'Seconds to wait at most.'),
      ],
      responses: {
        200: { description: 'It runs.', ...json(ref('Preview')) },
        400: problem('The timeout is no number from 0 to 600.'),
        403: foreign,
        404: unknown,
        409: problem('It was stopped or removed meanwhile; detail says why.'),
        502: problem('It failed; reason says why.'),
        504: problem('Time is up.'),
      },
    },
  },
  '/previews/{tag}/logs': {
    get: {
      operationId: 'getLogs',
      summary: 'What its container has written, both streams in order.',
      parameters: [
        tag,
        query(
          'tail',
          { oneOf: [{ type: 'integer', minimum: 0, maximum: 10_000 }, { const: 'all' }], default: 200 },
          'How many of the last lines.',
        ),
        query('follow', { enum: [0, 1], default: 0 }, '1: goes on until the container ends.'),
      ],
      responses: {
        200: { description: 'The output.', content: { 'text/plain': { schema: text } } },
        400: problem('A parameter has a value that it cannot have.'),
        404: problem('There is no preview of this tag, or it has no container.'),
        503: problem('The reaper, which reads logs, does not answer.'),
      },
    },
  },
  '/previews/{tag}/events': {
    get: {
      operationId: 'streamPreview',
      summary: 'What changes in one preview, as server-sent events.',
      parameters: [tag],
      responses: { 200: events, 404: unknown },
    },
  },
  '/events': {
    get: {
      operationId: 'streamPreviews',
      summary: 'What changes in any preview, as server-sent events.',
      responses: { 200: events },
    },
  },
  '/tags': {
    get: {
      operationId: 'listTags',
      summary: 'The tags that the registry offers.',
      responses: { 200: { description: 'By name.', ...json({ type: 'array', items: ref('OfferedTag') }) } },
    },
  },
  '/openapi.json': {
    get: {
      operationId: 'describe',
      summary: 'This description.',
      responses: { 200: { description: 'OpenAPI 3.1.', ...json({ type: 'object' }) } },
    },
  },
}

export function openapi(config: Pick<Config, 'domain' | 'publicUrl'>) {
  const cookie = config.publicUrl.protocol === 'https:' ? '__Host-lotan' : 'lotan'
  return {
    openapi: '3.1.0',
    info: {
      title: 'Lotan',
      version: '1',
      description: 'Previews of the tags of one Docker repository. Without a login every call answers 401.',
    },
    servers: [{ url: `${urlOf(config.domain, config)}/api/v1` }],
    security: [{ token: [] }, { login: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'The admin token.' },
        login: { type: 'apiKey', in: 'cookie', name: cookie, description: 'From logging in on the admin page.' },
      },
      schemas,
    },
  }
}
