/** The description that the router serves: two linters read it, and each call in it is sent what it cannot take. */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import spectralCore, { type RulesetDefinition } from '@stoplight/spectral-core'
import spectralRulesets from '@stoplight/spectral-rulesets'
import { problem } from '../../shared/api/problem.ts'
import { isProblemName, kindOf } from '../../shared/api/problems.ts'
import { idOf } from '../../shared/preview/preview-id.ts'
import { bearer, bringUp, openBed, type Answer, type Ask } from '../admin/harness.ts'

// A linter takes example.com for a server without its real name.
const domain = 'previews.lotan.test'
const bed = await openBed({
  TL_DOMAIN: domain,
  REPOSITORY: 'registry.example.com/app',
  LOTAN_REPOSITORIES: 'api=registry.example.com/api',
})
after(() => bed.close())
bringUp('up', bed)
bringUp('api/up', bed)
const cookie = (await bed.ask('/login?token=the-token-of-these-tests', { headers: { Host: domain } })).headers[
  'set-cookie'
]![0]!.split(';')[0]!

const ask = (uri: string, { headers, ...sent }: Ask = {}) =>
  bed.ask(`/api/v1${uri}`, { ...sent, headers: { Host: domain, ...bearer, ...headers } })
const { text, json: document } = await ask('/openapi.json')

interface Call {
  method: string
  path: string
  operation: {
    parameters?: { name: string; in: string }[]
    requestBody?: { required: boolean; content: object }
    responses: Record<string, object>
  }
}
const calls = Object.entries<Record<string, Call['operation']>>(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]): Call => ({ method: method.toUpperCase(), path, operation })),
)

test('Redocly’s recommended rules find nothing', async () => {
  const config = await createConfig({ extends: ['recommended'] })
  const lint = (source: string) => lintFromString({ source, config })
  const found = (await lint(text)).map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])
  assert.deepEqual(found, [])
  assert.ok((await lint(text.replaceAll('"description"', '"descriptiom"'))).length > 0)
})

test('Spectral’s rules for OpenAPI find nothing', async () => {
  const spectral = new spectralCore.Spectral()
  spectral.setRuleset({ extends: [[spectralRulesets.oas, 'recommended']] } as unknown as RulesetDefinition)
  const lint = async (source: string) =>
    (await spectral.run(JSON.parse(source) as Record<string, unknown>)).map(({ code, message, path }) => [
      code,
      message,
      path.join('/'),
    ])
  assert.deepEqual(await lint(text), [])
  assert.ok((await lint(text.replace('"operationId"', '"operation"'))).length > 0)
})

test('the calls are there', () => assert.ok(calls.length >= 14, `${calls.length} calls`))

describe('is answered with a problem of a status that is documented:', () => {
  for (const call of calls)
    test(`${call.method} ${call.path}`, async () => {
      const { method, path, operation } = call
      const inApi = path.replace('{repository}', 'api')
      const uri = inApi.replace('{tag}', 'up')
      const changes = () => bed.store.list().map((preview) => `${idOf(preview)} ${preview.change}`)
      const before = changes()
      const json = { 'Content-Type': 'application/json' }
      const wrong: [what: string, uri: string, sent: Ask, status: number][] = [
        ['a parameter of no call', `${uri}?nothing=1`, {}, 400],
        ['a wrong token', uri, { headers: { Authorization: 'Bearer no' } }, 401],
        ['another host', uri, { headers: { Host: 'other.test' } }, 421],
        ['a method of no path', uri, { method: 'PATCH' }, 405],
      ]
      for (const { name } of operation.parameters?.filter((each) => each.in === 'query') ?? [])
        wrong.push([`${name} twice`, `${uri}?${name}=1&${name}=1`, {}, 400])
      if (path.includes('{tag}'))
        for (const tag of ['-', '.up', 'a%2Fb', '%00', 'x'.repeat(129)])
          wrong.push([`the tag ${tag}`, inApi.replace('{tag}', tag), {}, 404])
      if (path.includes('{repository}'))
        for (const name of ['web', 'API', 'a%2Fb', '%00', '-', 'x'.repeat(129)])
          wrong.push([`the repository ${name}`, path.replace('{repository}', name).replace('{tag}', 'up'), {}, 404])
      if (operation.requestBody && 'application/json' in operation.requestBody.content)
        wrong.push(
          ['a body that is cut', uri, { body: '{"', headers: json }, 400],
          ['another body', uri, { body: '[1]', headers: json }, 400],
          ['a tag that is none', uri, { body: '{"tag":"../x"}', headers: json }, 400],
          ['text', uri, { body: '{"tag":"x"}', headers: { 'Content-Type': 'text/plain' } }, 415],
          ...(operation.requestBody.required ? [['no body', uri, {}, 415] as (typeof wrong)[number]] : []),
          ['too much', uri, { body: `{"tag":"${'x'.repeat(9_000)}"}`, headers: json }, 413],
        )
      if (method !== 'GET' || /\/(wait|files)$/.test(path)) {
        const session = { Authorization: undefined, Cookie: cookie, Origin: 'http://up.previews.lotan.test' }
        wrong.push(['another site', uri, { headers: session }, 403])
      }
      for (const [what, at, sent, status] of wrong) {
        const headers = Object.fromEntries(Object.entries({ ...bearer, ...sent.headers }).filter(([, value]) => value))
        const answer = await bed.ask(`/api/v1${at}`, { method, ...sent, headers: { Host: domain, ...headers } })
        assert.equal(answer.status, status, `${what}: ${answer.text}`)
        assert.ok(operation.responses[status], `${what}: ${status} is not documented`)
        await assertProblem(answer, what)
      }
      assert.deepEqual(changes(), before)
    })
})

async function assertProblem({ status, headers, json }: Answer, what: string) {
  assert.equal(headers['content-type'], 'application/problem+json', what)
  assert.deepEqual(problem.parse(json), json)
  const name: string = json.type.replace(`http://${domain}/problems/`, '')
  assert.ok(isProblemName(name), json.type)
  assert.deepEqual([json.status, json.title], [status, kindOf(name).title])
  const page = await bed.ask(new URL(json.type as string).pathname, { headers: { Host: domain } })
  assert.equal(page.status, 200)
}
