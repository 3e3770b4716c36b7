import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createParser } from 'eventsource-parser'
import { z } from 'zod'
import { event as apiEvent } from '../../shared/api/event.ts'
import type { Reason } from '../../shared/preview/failure-reason.ts'
import { until } from '../../testing/harness/until.ts'
import { bearer, bringUp, domain, openBed, steps } from '../admin/harness.ts'
import { components } from './conventions/openapi.ts'

const bed = await openBed({
  REPOSITORY: 'registry.example.com/app',
  LOTAN_REPOSITORIES: 'api=registry.example.com/api',
})
after(() => bed.close())
const { api, store } = bed
const reason: Reason = { code: 'exited', detail: 'exit status 1', output: ['last words'], exitCode: 1 }

const description = (await api('/openapi.json')).json

/** A schema leaves out what it does not know: an answer that comes through it unchanged has nothing undescribed. */
function conforms(answer: unknown, schema: z.ZodType) {
  assert.deepEqual(schema.parse(answer), answer)
}

/** The schema that the description refers to. */
function schemaOf({ $ref, type, items }: { $ref?: string; type?: string; items?: object }): z.ZodType {
  if ($ref) return components[$ref.split('/').at(-1) as keyof typeof components]
  return type === 'array' ? z.array(schemaOf(items!)) : z.looseObject({})
}

/** Asks, and holds the answer against the description. */
async function described(method: string, path: string, query = '', sent: Parameters<typeof api>[1] = {}) {
  const answer = await api(path + query, { method, ...sent })
  const template = path.replace(/(\/previews\/)[^/]+/, '$1{tag}').replace(/^(\/repositories\/)[^/]+/, '$1{repository}')
  const response = description.paths[template]?.[method.toLowerCase()]?.responses[answer.status]
  const said = response?.$ref ? description.components.responses[response.$ref.split('/').at(-1)] : response
  assert.ok(said, `${method} ${template} answers ${answer.status}, which is not described: ${answer.text}`)
  const [type, { schema }] = Object.entries(said.content)[0] as [string, { schema: object }]
  assert.equal(answer.headers['content-type']!.split(';')[0], type)
  if (answer.json) conforms(answer.json, schemaOf(schema))
  return answer
}

/** The events of a stream as they come. */
async function* eventsOf(stream: IncomingMessage): AsyncGenerator<{ event: string; data: any }> {
  const come: { event: string; data: any }[] = []
  const parser = createParser({
    onEvent: ({ event = '', data }) => void come.push({ event, data: JSON.parse(data) }),
  })
  for await (const piece of stream.setEncoding('utf8') as AsyncIterable<string>) {
    parser.feed(piece)
    for (const each of come.splice(0)) {
      conforms(each, apiEvent)
      yield each
    }
  }
}

async function listenTo(uri: string) {
  const stream = await bed.open(`/api/v1${uri}`, { headers: bearer })
  assert.equal(stream.statusCode, 200)
  assert.equal(stream.headers['content-type'], 'text/event-stream; charset=utf-8')
  const events = eventsOf(stream)
  return { next: async () => (await events.next()).value!, close: () => stream.destroy() }
}

test('previews are listed and shown', async () => {
  assert.deepEqual((await described('GET', '/previews')).json, [])
  bringUp('red', bed)
  store.apply('blue', { type: 'start', by: 'visit' })
  store.apply('blue', steps.absent)
  store.apply('blue', steps.pull)
  store.progress('blue', { bytes: 1, total: 4, layers: 2, layersDone: 0, percent: 25 })
  const { json } = await described('GET', '/previews')
  assert.deepEqual(
    json.map(({ tag, state }: any) => [tag, state]),
    [
      ['blue', 'pulling'],
      ['red', 'running'],
    ],
  )
  assert.equal(json[0].progress.percent, 25)
  // No more than `red` has been seen yet, and it was up at once.
  assert.ok(json[0].usual >= 0 && json[0].usual < 60_000, `usual ${json[0].usual}`)
  assert.equal(json[1].usual, null)
  store.progress('blue', { ...json[0].progress, waitsFor: 'room' })
  assert.equal((await described('GET', '/previews/blue')).json.progress.waitsFor, 'room')
  const red = (await described('GET', '/previews/red')).json
  assert.deepEqual(red, json[1])
  assert.equal(red.host, `red.${domain}`)
  assert.equal(red.slot, 1)

  const none = (await described('GET', '/previews/none')).json
  assert.deepEqual(none, {
    type: `http://${domain}/problems/no-preview`,
    title: 'No such preview',
    status: 404,
    detail: 'There is no preview of this tag.',
    tag: 'none',
    state: 'unknown',
  })
})

test('every wish is granted with 202 and the preview as it is then', async () => {
  const json = { 'Content-Type': 'application/json' }
  const added = await described('POST', '/previews', '', { body: '{"tag":"1.9.5"}', headers: json })
  assert.equal(added.status, 202)
  assert.equal(added.headers.location, '/api/v1/previews/1.9.5')
  assert.equal(added.json.state, 'queued')
  assert.equal(added.json.position, 1)
  assert.equal(added.json.url, `http://1_9_5.${domain}`)

  bringUp('green', bed)
  const cases: [method: string, path: string, state: string][] = [
    ['POST', '/previews/green/stop', 'stopping'],
    ['POST', '/previews/green/stop', 'stopping'],
    ['POST', '/previews/green/start', 'running'],
    ['POST', '/previews/green/start', 'running'],
    ['POST', '/previews/green/restart', 'stopping'],
    ['DELETE', '/previews/green', 'removing'],
    ['DELETE', '/previews/green', 'removing'],
    ['POST', '/previews/not-yet/start', 'queued'],
    ['DELETE', '/previews/not-yet', 'removing'],
  ]
  for (const [method, path, state] of cases) {
    const answer = await described(method, path)
    assert.equal(answer.status, 202, `${method} ${path}`)
    assert.equal(answer.json.state, state, `${method} ${path}`)
  }
  for (const [method, path] of [
    ['POST', '/previews/never/stop'],
    ['POST', '/previews/never/restart'],
    ['DELETE', '/previews/never'],
  ])
    assert.equal((await described(method!, path!)).status, 404)
})

test('a start wakes a preview that is paused, and that is explained', async () => {
  const { number } = (bringUp('frozen', bed) as { generation: { number: number } }).generation
  store.apply('frozen', { type: 'freeze', generation: number })
  const { asleep, awake } = (await described('GET', '/previews/frozen/explain')).json
  assert.match(asleep.words, /so does a start: lotan start/)
  assert.equal(awake, null)
  const { json } = await described('POST', '/previews/frozen/start')
  assert.deepEqual([json.state, json.detail], ['paused', 'It is being woken.'])
  assert.equal((await described('GET', '/previews/frozen/explain')).json.asleep, null)
})

test('a body that is not what it should be is refused, and why', async () => {
  const cases: [body: string | undefined, type: string | undefined, status: number][] = [
    ['{"tag":"ok', 'application/json', 400],
    ['', 'application/json', 400],
    [undefined, undefined, 415],
    ['null', 'application/json', 400],
    ['"red"', 'application/json', 400],
    ['[]', 'application/json', 400],
    ['{}', 'application/json', 400],
    ['{"tag":null}', 'application/json', 400],
    ['{"tag":["red"]}', 'application/json', 400],
    ['{"tag":{"toString":"red"}}', 'application/json', 400],
    ['{"tag":"../red"}', 'application/json', 400],
    ['{"tag":"red\\n"}', 'application/json', 400],
    ['{"__proto__":{"tag":"red"}}', 'application/json', 400],
    [JSON.stringify({ tag: 'x'.repeat(10_000) }), 'application/json', 413],
    ['{"tag":"red"}', 'application/json; charset=klingon', 415],
    ['tag=red', 'application/x-www-form-urlencoded', 415],
    ['{"tag":"red"}', 'text/plain', 415],
  ]
  for (const [body, type, status] of cases) {
    const answer = await described('POST', '/previews', '', { body, headers: type ? { 'Content-Type': type } : {} })
    assert.equal(answer.status, status, `${type}: ${body}`)
    assert.ok(answer.json.detail)
  }
})

test('unknown paths and methods are told from each other', async () => {
  const cases: [method: string, path: string, status: number, allow?: string][] = [
    ['GET', '/', 404],
    ['GET', '/nothing', 404],
    ['POST', '/previews/red/refreshed', 404],
    ['PUT', '/previews', 405, 'GET, POST, HEAD'],
    ['POST', '/previews/red', 405, 'GET, DELETE, HEAD'],
    ['GET', '/previews/red/start', 405, 'POST'],
    ['OPTIONS', '/tags', 405, 'GET, HEAD'],
    ['POST', '/events', 405, 'GET, HEAD'],
  ]
  for (const [method, path, status, allow] of cases) {
    const answer = await api(path, { method })
    assert.equal(answer.status, status, `${method} ${path}`)
    assert.equal(answer.headers.allow, allow)
    conforms(answer.json, components.Problem)
  }
  for (const path of ['/previews', '/events', '/previews/red/events', '/openapi.json'])
    assert.equal((await api(path, { method: 'HEAD' })).status, 200, path)
})

test('the tags that the registry offers are listed, with whether they have a preview', async () => {
  bringUp('early', bed)
  store.offer('', [
    { tag: 'red', digest: 'sha256:1' },
    { tag: 'Capital', digest: null },
    { tag: 'known', digest: null },
  ])
  bringUp('known', bed)
  store.offer(
    '',
    ['Capital', 'early', 'known', 'red'].map((tag) => ({ tag, digest: null })),
  )
  const { json } = await described('GET', '/tags')
  assert.deepEqual(
    json.map(({ tag, digest, preview }: any) => [tag, digest, preview]),
    [
      ['Capital', null, false],
      ['early', store.get('early')!.image!.digest, true],
      ['known', store.get('known')!.image!.digest, true],
      ['red', 'sha256:1', true],
    ],
  )
  assert.match(json[0].host, /^capital-[0-9a-z]{8}\.previews\.example\.com$/)
})

/** The pages of a list, by their Link headers. */
async function pagesOf(uri: string): Promise<any[][]> {
  const pages = []
  for (let next: string | undefined = uri; next !== undefined;) {
    const { json, headers } = await api(next)
    pages.push(json)
    const link: string | undefined = headers.link as string | undefined
    next = link && /^<\/api\/v1(\/\S+)>; rel="next"$/.exec(link)![1]
  }
  return pages
}

test('lists are found in, sorted, and answered page by page', async () => {
  const listed = await openBed({ TAG_FILTER: '^[^x]' })
  const ask = async (uri: string) => (await listed.api(uri)).json.map(({ tag }: any) => tag).join(' ')
  try {
    for (const tag of ['b', 'a', 'c-1']) bringUp(tag, listed)
    listed.store.apply('b', { type: 'stop', why: 'idle' })
    listed.store.touch([['c-1', Date.now()]])
    listed.store.offer('', ['a', 'b', 'd', 'e-1', 'x'].map((tag) => ({ tag, digest: null }))) // prettier-ignore
    const cases: [uri: string, tags: string][] = [
      ['/previews', 'a b c-1'],
      ['/previews?sort=-tag', 'c-1 b a'],
      ['/previews?state=running,paused', 'a c-1'],
      ['/previews?state=stopping&q=C-', ''],
      ['/previews?q=C-', 'c-1'],
      ['/previews?q=-1', 'c-1'],
      ['/previews?sort=-lastSeen&limit=1', 'c-1'],
      ['/previews?sort=lastSeen', 'a b c-1'],
      ['/tags', 'a b d e-1'],
      ['/tags?state=unknown', 'd e-1'],
      ['/tags?state=stopping,running&sort=-tag', 'b a'],
      ['/tags?q=-', 'e-1'],
    ]
    for (const [uri, tags] of cases) assert.equal(await ask(uri), tags, uri)
  } finally {
    await listed.close()
  }

  for (const path of ['/previews', '/tags'])
    for (const sort of ['tag', '-tag']) {
      const whole = (await described('GET', path, `?sort=${sort}`)).json
      assert.ok(whole.length > 3)
      const pages = await pagesOf(`${path}?sort=${sort}&limit=2&q=`)
      assert.deepEqual(pages.flat(), whole)
      assert.equal(pages.length, Math.ceil(whole.length / 2))
    }
})

test('every call takes the parameters that its description has, and no others', async () => {
  bringUp('asked', bed)
  let calls = 0
  for (const [path, methods] of Object.entries<Record<string, any>>(description.paths))
    for (const [method, { parameters = [] }] of Object.entries(methods)) {
      const uri = path.replace('{tag}', 'asked').replace('{repository}', 'api')
      const before = store.get('asked')!.change
      const names: string[] = parameters.filter((each: any) => each.in === 'query').map(({ name }: any) => name)
      const wrong = [
        { query: 'nothing=1', names: 'nothing' },
        ...names.flatMap((name) => [
          { query: `${name}=1&${name}=1`, names: name },
          ...(name === 'q' ? [] : [{ query: `${name}=%00`, names: name }]),
          { query: `${name}[]=1`, names: name },
        ]),
      ]
      const required: string[] = parameters.filter((each: any) => each.in === 'query' && each.required).map(({ name }: any) => name) // prettier-ignore
      for (const { query, names } of wrong) {
        const others = required.filter((name) => name !== names).map((name) => `&${name}=/`)
        const { status, json } = await api(`${uri}?${query}${others.join('')}`, { method: method.toUpperCase() })
        assert.equal(status, 400, `${method} ${uri}?${query}`)
        assert.ok(json.detail.includes(names), json.detail)
        calls++
      }
      assert.equal(store.get('asked')!.change, before, 'nothing is done')
    }
  assert.ok(calls > 20, `${calls} calls`)
})

test('the description names every call, and no call is missing in it', () => {
  assert.equal(description.openapi, '3.1.0')
  const calls = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const [once, below] = [false, true].map((isBelow) =>
    calls.filter((call) => call.includes(' /repositories/') === isBelow),
  ) as [string[], string[]]
  assert.deepEqual(
    below.map((call) => call.replace('/repositories/{repository}', '')),
    once.filter((call) => / \/(previews|tags|volumes\/)/.test(call)),
  )
  assert.deepEqual(once, [
    'GET /previews',
    'POST /previews',
    'GET /previews/{tag}',
    'DELETE /previews/{tag}',
    'POST /previews/{tag}/start',
    'POST /previews/{tag}/stop',
    'POST /previews/{tag}/refresh',
    'POST /previews/{tag}/restart',
    'PUT /previews/{tag}/pin',
    'DELETE /previews/{tag}/pin',
    'POST /previews/{tag}/approve',
    'DELETE /previews/{tag}/approve',
    'GET /previews/{tag}/wait',
    'GET /previews/{tag}/history',
    'GET /previews/{tag}/explain',
    'GET /previews/{tag}/stats',
    'GET /previews/{tag}/logs',
    'GET /previews/{tag}/events',
    'GET /events',
    'GET /tags',
    'GET /repositories',
    'GET /changes',
    'POST /previews/{tag}/snapshots',
    'GET /snapshots',
    'GET /snapshots/{name}',
    'DELETE /snapshots/{name}',
    'POST /snapshots/{name}/publish',
    'DELETE /snapshots/{name}/publish',
    'POST /previews/{tag}/reset',
    'GET /previews/{tag}/reset',
    'GET /volumes',
    'DELETE /volumes/{tag}/{name}',
    'GET /previews/{tag}/files',
    'PUT /previews/{tag}/files',
    'GET /previews/{tag}/secrets',
    'POST /previews/{tag}/shares',
    'GET /shares',
    'DELETE /shares/{id}',
    'POST /previews/{tag}/clone',
    'POST /previews/{tag}/keep',
    'GET /sessions',
    'DELETE /sessions/{id}',
    'POST /previews/{tag}/tickets',
    'GET /tokens',
    'POST /tokens',
    'DELETE /tokens/{name}',
    'GET /system',
    'GET /openapi.json',
  ])
  const references = JSON.stringify(description).matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)
  for (const [, kind, name] of references) assert.ok(description.components[kind!][name!], name)
})

test('wait starts what does not run, and answers when it does', async () => {
  const waiting = described('GET', '/previews/waited/wait', '?timeout=10')
  await until('it is asked for', () => store.get('waited'))
  assert.equal(store.history('waited')[0]?.detail, 'api')
  bringUp('waited', bed)
  const up = Date.now()
  const { status, json } = await waiting
  assert.ok(Date.now() - up < 200)
  assert.equal(status, 200)
  assert.equal(json.state, 'running')
  assert.ok(store.get('waited')?.lastSeen, 'waiting is activity')
  assert.equal((await described('GET', '/previews/waited/wait')).status, 200)
})

test('wait calls back what is draining', async () => {
  bringUp('draining', bed)
  store.apply('draining', { type: 'stop', why: 'idle' })
  assert.equal((await described('GET', '/previews/draining/wait', '?timeout=0')).status, 200)
})

test('wait answers 502 with the reason when the start fails, and starts again what had failed before', async () => {
  for (let round = 0; round < 2; round++) {
    const waiting = described('GET', '/previews/broken/wait', '?timeout=10')
    await until('it is queued', () => store.get('broken')?.state === 'queued')
    store.apply('broken', steps.absent)
    store.apply('broken', steps.pull)
    store.apply('broken', { type: 'fail', reason: { code: 'registry-down', detail: 'dial tcp: refused' } })
    const { status, json } = await waiting
    assert.equal(status, 502)
    assert.deepEqual([json.tag, json.state, json.reason], ['broken', 'failed', 'registry-down'])
    assert.doesNotMatch(json.detail, /dial tcp/)
    assert.match(json.advice, /check the registry/)
  }
})

test('wait goes on while Lotan tries again by itself', async () => {
  const waiting = described('GET', '/previews/again/wait', '?timeout=10')
  await until('it is queued', () => store.get('again'))
  for (const step of [steps.absent, steps.pull, steps.pulled, steps.begin, steps.created, steps.started])
    store.apply('again', step)
  store.apply('again', { type: 'exited', generation: 1, reason, gone: false })
  await sleep(30)
  store.apply('again', steps.begin)
  store.apply('again', { ...steps.created, generation: 2 })
  store.apply('again', { ...steps.answered, generation: 2 })
  assert.equal((await waiting).status, 200)
})

test('wait answers 504 when time is up, and says how far it is', async () => {
  const began = performance.now()
  const { status, json } = await described('GET', '/previews/slow/wait', '?timeout=0.3')
  assert.ok(performance.now() - began >= 290)
  assert.equal(status, 504)
  assert.deepEqual([json.tag, json.state, json.reason], ['slow', 'queued', undefined])
  assert.equal((await described('GET', '/previews/slow/wait', '?timeout=0')).status, 504)
})

test('wait asks again for a tag that the registry does not have yet', async () => {
  const waiting = described('GET', '/previews/pushed-soon/wait', '?timeout=10')
  await until('it is asked for', () => store.get('pushed-soon'))
  store.apply('pushed-soon', { type: 'absent', isOffered: false })
  store.apply('pushed-soon', { type: 'missing' })
  const gone = Date.now()
  await until('it is asked for again', () => store.get('pushed-soon')?.state === 'queued')
  assert.ok(Date.now() - gone >= 1_800)
  bringUp('pushed-soon', bed)
  assert.equal((await waiting).status, 200)

  const late = described('GET', '/previews/never-pushed/wait', '?timeout=0.5')
  await until('it is asked for', () => store.get('never-pushed'))
  store.apply('never-pushed', { type: 'absent', isOffered: false })
  store.apply('never-pushed', { type: 'missing' })
  const { status, json } = await late
  assert.equal(status, 504)
  assert.deepEqual([json.state, json.reason], ['failed', 'no-such-tag'])
  assert.equal(json.detail, 'The registry has no never-pushed yet, after 0.5 s.')
})

test('wait goes on where the registry does not have the repository yet', async () => {
  const waiting = described('GET', '/previews/first-push/wait', '?timeout=10')
  const fail = async () => {
    await until('it is queued', () => store.get('first-push')?.state === 'queued')
    store.apply('first-push', steps.absent)
    store.apply('first-push', steps.pull)
    store.apply('first-push', { type: 'fail', reason: { code: 'no-repository', detail: 'name unknown' } })
    return Date.now()
  }
  const first = await fail()
  assert.ok((await fail()) - first >= 1_800, 'not at once')
  await until('it is asked for again', () => store.get('first-push')?.state === 'queued')
  bringUp('first-push', bed)
  assert.equal((await waiting).status, 200)
})

test('wait goes on for a newer image that somebody has asked for, not for one that was only noticed', async () => {
  bringUp('pushed', bed)
  store.apply('pushed', { type: 'refresh', digest: 'sha256:noticed' })
  assert.equal((await described('GET', '/previews/pushed/wait', '?timeout=0')).status, 200)
  await described('POST', '/previews/pushed/refresh')
  const { status, json } = await described('GET', '/previews/pushed/wait', '?timeout=0.2')
  assert.deepEqual([status, json.state], [504, 'running'])
  const { lastSeen } = store.get('pushed')!
  const waiting = described('GET', '/previews/pushed/wait', '?timeout=10')
  await until('it is waited for', () => store.get('pushed')!.lastSeen !== lastSeen)
  store.apply('pushed', { type: 'current', number: store.get('pushed')!.update!.number })
  assert.equal((await waiting).status, 200)
})

test('waiting is activity for as long as it lasts', async () => {
  const client = new AbortController()
  const waiting = api('/previews/long/wait', { signal: client.signal })
  const first = await until('it is asked for', () => store.get('long')?.lastSeen)
  await until('it is seen again', () => store.get('long')!.lastSeen! > first + 1_000)
  client.abort()
  await assert.rejects(waiting)
  const last = store.get('long')!.lastSeen!
  await sleep(2_500)
  assert.equal(store.get('long')!.lastSeen, last, 'nobody waits any more')
})

test('wait says what has ended what it waits for', async () => {
  const words = {
    idle: /since nobody used it/,
    lifetime: /lifetime is over/,
    room: /room for another/,
    disk: /room on the disk/,
    moved: /in another way/,
    asked: /stopped by somebody else/,
  } as const
  for (const [why, word] of Object.entries(words)) {
    const tag = `ended-${why}`
    bringUp(tag, bed)
    await described('POST', `/previews/${tag}/refresh`)
    const { lastSeen } = store.get(tag)!
    const waiting = described('GET', `/previews/${tag}/wait`)
    await until('it is waited for', () => store.get(tag)!.lastSeen !== lastSeen)
    store.apply(tag, { type: 'stop', why: why as keyof typeof words })
    const { status, json } = await waiting
    assert.equal(status, 409)
    assert.match(json.detail, word)
  }
})

test('wait gives up when somebody else stops or removes what it waits for', async () => {
  for (const [wish, state] of [
    ['stop', 'stopping'],
    ['remove', 'removing'],
  ] as const) {
    const waiting = described('GET', `/previews/unwanted-${wish}/wait`)
    await until('it is asked for', () => store.get(`unwanted-${wish}`))
    store.apply(`unwanted-${wish}`, wish === 'stop' ? { type: 'stop', why: 'asked' } : { type: 'remove' })
    const { status, json } = await waiting
    assert.deepEqual([status, json.state], [409, state])
  }
})

test('wait takes a timeout from 0 to 600 and nothing else', async () => {
  for (const timeout of ['-1', '601', 'x', '', '1e2', '0x10', 'Infinity', '1&timeout=2', ' 5'])
    assert.equal((await described('GET', '/previews/red/wait', `?timeout=${encodeURI(timeout)}`)).status, 400, timeout)
  for (const timeout of ['0', '600', '0.5', '060'])
    assert.equal((await described('GET', '/previews/red/wait', `?timeout=${timeout}`)).status, 200, timeout)
})

test('a client that hangs up is waited for no longer', async () => {
  const client = new AbortController()
  const waiting = api('/previews/left/wait', { signal: client.signal })
  await until('it is asked for', () => store.get('left'))
  client.abort()
  await assert.rejects(waiting)
  await sleep(50)
  store.apply('left', steps.absent)
  store.apply('left', steps.pull)
  store.apply('left', { type: 'missing' })
  await sleep(50)
  assert.equal(store.get('left')?.state, 'failed', 'it is not asked for again')
})

test('a tag that the registry lacks is seen as failed by who added it, and as no preview by visitors', async () => {
  const stream = await listenTo('/events')
  const next = async () => {
    for (;;) {
      const { event, data } = await stream.next()
      if (data.tag === 'lacking') return [event, data.state, data.reason]
    }
  }
  const lack = (now: number) => {
    store.apply('lacking', { type: 'absent', isOffered: false }, now)
    store.apply('lacking', { type: 'missing' }, now)
  }
  const visit = async () => {
    const { status, json } = await bed.door('/answer', { 'X-Host': `lacking.${domain}` })
    return [status, json.type.split('/').at(-1), json.state, json.reason]
  }
  const now = Date.now()
  const before = await visit()
  store.apply('lacking', { type: 'start', by: 'api' }, now - 20_000)
  assert.deepEqual(await next(), ['preview', 'queued', null])
  lack(now - 20_000)
  assert.deepEqual(await next(), ['preview', 'failed', 'no-such-tag'])
  const { json } = await described('GET', '/previews/lacking')
  assert.deepEqual([json.state, json.reason, json.detail], ['failed', 'no-such-tag', 'The registry has no image tagged lacking.']) // prettier-ignore
  assert.equal((await described('GET', '/previews', '?state=failed&q=lacking')).json.length, 1)
  // So long ago visitors look again, and no rest of a failure keeps them from it.
  assert.deepEqual(await visit(), before)
  const held = bed.door('/wait', { 'X-Host': `lacking.${domain}`, Prefer: 'wait=10' })
  assert.deepEqual(await next(), ['preview', 'queued', 'no-such-tag'])
  lack(now)
  assert.equal((await held).status, 403)
  assert.deepEqual(await next(), ['preview', 'failed', 'no-such-tag'])
  assert.deepEqual(await visit(), [404, 'no-such-tag', 'unknown', undefined])
  store.apply('lacking', { type: 'forget' })
  assert.deepEqual(await next(), ['removed', undefined, undefined])
  assert.deepEqual(await visit(), [404, 'no-such-tag', 'unknown', undefined])
  assert.deepEqual(store.history('lacking'), [])
  stream.close()
})

test('a hundred waiters cost one start', async () => {
  const waiting = Array.from({ length: 100 }, () => api('/previews/popular/wait?timeout=10'))
  await until('it is asked for', () => store.get('popular'))
  await sleep(100)
  bringUp('popular', bed)
  for (const { status } of await Promise.all(waiting)) assert.equal(status, 200)
  assert.equal(store.history('popular').filter(({ event }) => event === 'start').length, 1)
})

test('the stream of all previews says first how things are, and then what changes', async () => {
  const here = (await api('/previews')).json
  const stream = await listenTo('/events')
  for (const { memory, ...preview } of here) {
    assert.equal(memory, null)
    assert.deepEqual(await stream.next(), { event: 'preview', data: preview })
  }

  // Asked for by the API, as those that wait already: it goes before none of them.
  store.apply('streamed', { type: 'start', by: 'api' })
  const queued = await stream.next()
  assert.deepEqual([queued.event, queued.data.tag, queued.data.state], ['preview', 'streamed', 'queued'])
  store.apply('streamed', steps.absent)
  store.apply('streamed', steps.pull)
  store.progress('streamed', { bytes: 2, total: 4, layers: 1, layersDone: 0, percent: 50 })
  const pulling = await stream.next()
  assert.deepEqual([pulling.data.state, pulling.data.progress?.percent], ['pulling', 50])
  store.apply('streamed', { type: 'missing' })
  // Told for a minute.
  assert.equal((await stream.next()).data.reason, 'no-such-tag')
  store.apply('streamed', { type: 'forget' })
  assert.deepEqual(await stream.next(), { event: 'removed', data: { repository: '', tag: 'streamed' } })
  stream.close()
})

test('the stream of one preview has nothing of others, and nothing twice', async () => {
  bringUp('one', bed)
  const stream = await listenTo('/previews/one/events')
  assert.equal((await stream.next()).data.state, 'running')
  bringUp('other', bed)
  store.facts.set('slotWhy', 'a commit that changes no preview')
  await sleep(100)
  store.apply('one', { type: 'stop', why: 'idle' })
  const stopping = await stream.next()
  assert.deepEqual([stopping.data.tag, stopping.data.state], ['one', 'stopping'])
  stream.close()
  assert.equal((await described('GET', '/previews/unknown/events')).status, 404)
})

test('visits do not flood the streams', async () => {
  bringUp('visited', bed)
  const at = Math.ceil(Date.now() / 5_000) * 5_000
  store.touch([['visited', at]])
  const stream = await listenTo('/previews/visited/events')
  await stream.next()
  for (let i = 1; i < 5; i++) {
    store.touch([['visited', at + i * 500]])
    await sleep(60)
  }
  store.touch([['visited', at + 5_000]])
  assert.equal((await stream.next()).data.lastSeen, new Date(at + 5_000).toISOString())
  stream.close()
})

test('readers that come and go all hear the same', async () => {
  bringUp('shared', bed)
  const streams = await Promise.all(Array.from({ length: 20 }, () => listenTo('/previews/shared/events')))
  for (const stream of streams) assert.equal((await stream.next()).data.state, 'running')
  for (const stream of streams.slice(10)) stream.close()
  store.apply('shared', { type: 'stop', why: 'idle' })
  for (const stream of streams.slice(0, 10)) {
    assert.equal((await stream.next()).data.state, 'stopping')
    stream.close()
  }
})

test('a log is the container’s output, streamed as it comes, until either side ends it', async () => {
  bringUp('logged', bed)
  const { container } = steps.created
  const asked: string[] = []
  let reaperSide: IncomingMessage | undefined
  bed.reaper((req, res) => {
    asked.push(req.url!)
    if (req.url === `/containers/${container}/logs?tail=200`) return void res.end('one\ntwo\n')
    if (req.url === `/containers/${container}/logs?tail=1&timestamps=1`)
      return void res.end('2031-01-01T00:00:00.5Z two\n')
    if (req.url === `/containers/${container}/logs?tail=5&follow=1`) {
      reaperSide = req
      return void res.write('one\n')
    }
    res.writeHead(404).end('{}')
  })
  const whole = await described('GET', '/previews/logged/logs')
  assert.equal(whole.status, 200)
  assert.equal(whole.text, 'one\ntwo\n')
  assert.equal(whole.headers['content-type'], 'text/plain; charset=utf-8')

  const timed = await described('GET', '/previews/logged/logs', '?tail=1&timestamps=1')
  assert.equal(timed.text, '2031-01-01T00:00:00.5Z two\n')

  const followed = await bed.open('/api/v1/previews/logged/logs?tail=5&follow=1', { headers: bearer })
  const [piece] = await once(followed, 'data')
  assert.equal(String(piece), 'one\n')
  const ended = once(reaperSide!.socket, 'close')
  followed.destroy()
  await ended

  assert.equal((await described('GET', '/previews/logged/logs', '?tail=all')).status, 404)
  assert.equal(asked.at(-1), `/containers/${container}/logs?tail=all`)
  for (const query of [
    'tail=-1',
    'tail=x',
    'tail=1.5',
    'tail=10001',
    'tail=',
    'follow=2',
    'follow=yes',
    'timestamps=2',
    'tail=1&tail=2',
  ])
    assert.equal((await described('GET', '/previews/logged/logs', `?${query}`)).status, 400, query)
  assert.equal((await described('GET', '/previews/unknown/logs')).status, 404)
  store.apply('no-container', { type: 'start', by: 'visit' })
  const none = await described('GET', '/previews/no-container/logs')
  assert.deepEqual([none.status, none.json.state], [404, 'queued'])
  bed.reaper((_req, res) => res.writeHead(503).end('{}'))
  assert.equal((await described('GET', '/previews/logged/logs')).status, 503)
})

test('what a preview takes is told with when it was measured, and kept where the reaper does not answer', async () => {
  bringUp('measured', bed)
  store.apply('unmeasured', { type: 'start', by: 'api' })
  const { container } = (store.get('measured') as { generation: { container: string } }).generation
  const memoryOf = async (tag: string) => (await described('GET', `/previews/${tag}`)).json.memory
  bed.reaper((_req, res) =>
    res.end(JSON.stringify({ containers: { [container]: { memory: 5_000, cpu: 0.1, at: 1_000 } } })),
  )
  const told = { bytes: 5_000, at: '1970-01-01T00:00:01.000Z' }
  assert.deepEqual(await memoryOf('measured'), told)
  const { json } = await described('GET', '/previews', '?q=measured')
  assert.deepEqual(
    json.map(({ tag, memory }: any) => [tag, memory]),
    [
      ['measured', told],
      ['unmeasured', null],
    ],
  )
  // It answers never.
  bed.reaper(() => {})
  assert.deepEqual(await memoryOf('measured'), told)
  bed.reaper((_req, res) => res.writeHead(503).end('{}'))
  assert.deepEqual(await memoryOf('measured'), told)
  store.apply('measured', { type: 'stop', why: 'idle' })
  assert.equal(await memoryOf('measured'), null)
  const events = await listenTo('/previews/unmeasured/events')
  assert.ok(!('memory' in (await events.next()).data))
  events.close()
})

test('who asks for the tags has the registry asked for newer ones, and gets what is known where that takes long', async () => {
  const asked: string[] = []
  bed.reaper((req, res) => {
    asked.push(req.url!)
    store.offer('', [{ tag: 'pushed', digest: null }, { tag: 'pushed-2', digest: null }]) // prettier-ignore
    res.end('{}')
  })
  const tagsOf = async (query = '') => (await described('GET', '/tags', query)).json.map(({ tag }: any) => tag)
  assert.deepEqual(await tagsOf('?q=pushed'), ['pushed', 'pushed-2'])
  assert.deepEqual(asked, ['/newer-tags?age=5000&repository='])
  const { headers } = await described('GET', '/tags', '?q=pushed&limit=1')
  assert.equal(asked.length, 2)
  const [, next] = /<[^?]*(\?[^>]+)>; rel="next"/.exec(headers.link as string)!
  assert.deepEqual(await tagsOf(next), ['pushed-2'])
  assert.equal(asked.length, 2, 'a further page is of the same list')
  // It answers never.
  bed.reaper(() => {})
  assert.deepEqual(await tagsOf('?q=pushed'), ['pushed', 'pushed-2'])
  bed.reaper((_req, res) => res.writeHead(503).end('{}'))
  assert.deepEqual(await tagsOf('?q=pushed'), ['pushed', 'pushed-2'])
})
