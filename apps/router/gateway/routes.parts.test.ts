/** What nginx is told: to hold a request or not, and what its visitor gets instead of the application. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { endedStreamsFile } from '../../shared/preview/ended-streams.ts'
import { until } from '../../testing/harness/until.ts'
import { bringUp, domain, openBed, steps, type Bed } from '../admin/harness.ts'

const browser = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
const program = { Accept: '*/*' }
/** What a library asks with that puts a part of another page into this one. */
const library = { Accept: 'text/html', 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' }

let bed: Bed
before(async () => {
  bed = await openBed({ LOTAN_MAX_HELD: '1', TAG_FILTER: '^[^x]', LOTAN_HOLD_SECONDS: '30' })
  bed.store.offer(
    '',
    ['pr-3002', 'x-3001'].map((tag) => ({ tag, digest: null })),
  )
})
after(() => bed?.close())

const about = (tag: string, headers: Record<string, string>) => ({ 'X-Host': `${tag}.${domain}`, ...headers })

describe('a page is for navigations alone', () => {
  before(() => {
    bed.store.apply('asleep', { type: 'start', by: 'visit' })
    bed.store.apply('failed', { type: 'start', by: 'visit' })
    bed.store.apply('failed', { type: 'fail', reason: { code: 'bad-image', detail: 'no program' } })
  })

  for (const [what, tag, more, status] of [
    ['a start', 'asleep', {}, 503],
    ['a failure', 'failed', {}, 502],
    ['a tag that is not offered', 'x-1', {}, 403],
    ['no tag', '-no', {}, 404],
    ['too many', 'asleep', { 'X-Verdict': 'full' }, 503],
    ['a spent body', 'asleep', { 'X-Verdict': 'spent' }, 503],
    ['no answer', 'asleep', { 'X-Verdict': 'alive' }, 502],
    ['an interim answer', 'asleep', { 'X-Verdict': 'interim' }, 502],
  ] as const)
    test(what, async () => {
      for (const [who, headers, type] of [
        ['a navigation', browser, 'text/html; charset=utf-8'],
        ['a library', library, 'application/problem+json'],
        ['a program', program, 'application/problem+json'],
        ['a form', { ...browser, 'X-Method': 'POST' }, 'application/problem+json'],
      ] as const) {
        const answer = await bed.door('/answer', about(tag, { ...headers, ...more }))
        assert.deepEqual([answer.status, answer.headers['content-type']], [status, type], who)
        assert.doesNotMatch(answer.text, /TAG_FILTER/)
      }
    })
})

test('where no more may be held, programs are refused and navigations get the page to wait at', async () => {
  bringUp('quick', bed)
  bed.store.apply('quick', { type: 'pause' })
  bed.store.apply('quick', { type: 'freeze', generation: 1 })
  const gone = new AbortController()
  const held = bed.openDoor('/wait', { headers: about('first', program), signal: gone.signal }).catch(() => undefined)
  try {
    await until('the first is held', () => bed.store.get('first'))
    const refused = await bed.door('/wait', about('quick', program))
    assert.deepEqual([refused.status, refused.headers['x-verdict']], [403, 'full'])
    const visitor = await bed.door('/wait', about('quick', browser))
    assert.deepEqual([visitor.status, visitor.headers['x-verdict']], [403, undefined])
    const page = await bed.door('/answer', about('quick', browser))
    assert.deepEqual([page.status, page.headers['retry-after']], [503, '2'])
    assert.match(page.text, /<h1><span>Waking <\/span><code>quick<\/code>/)
  } finally {
    gone.abort()
    await held
  }
})

test('what has nothing on HTTP is never led to: its visitors read how to come in, and are its visitors', async () => {
  bed.store.apply('entered', { type: 'start', by: 'visit' })
  const image = { ...steps.pulled.image, labels: { 'lotan.kind': 'ssh' } }
  for (const event of Object.values({ ...steps, pulled: { ...steps.pulled, image } })) bed.store.apply('entered', event)
  const before = Date.now()
  for (const path of ['/route', '/wait']) {
    const { status, headers } = await bed.door(path, about('entered', browser))
    assert.deepEqual([status, headers['x-upstream']], [403, undefined], path)
  }
  await until('it was visited', () => (bed.store.get('entered')!.lastSeen ?? 0) >= before)
  const page = await bed.door('/answer', about('entered', browser))
  assert.equal(page.status, 200)
  assert.match(page.text, /<code>entered<\/code> has no web pages/)
  const problem = await bed.door('/answer', about('entered', program))
  assert.deepEqual(
    [problem.status, problem.json.type.split('/').at(-1), problem.json.state],
    [404, 'no-web', 'running'],
  )
})

test('a client that left while its container was looked at takes no place of those that wait', async () => {
  bed.store.facts.set('subnet', '10.83.0.0/16')
  bringUp('leaving', bed)
  const { headers: route } = await bed.door('/route', about('leaving', program))
  const asked = Promise.withResolvers<() => void>()
  bed.reaper((_req, res) => asked.resolve(() => void res.writeHead(404).end('{}')))
  const gone = new AbortController()
  const headers = about('leaving', { ...program, 'X-Tried': String(route['x-upstream']) })
  const left = bed.openDoor('/lost', { headers, signal: gone.signal }).catch(() => 'left')
  const answer = await asked.promise
  gone.abort()
  assert.equal(await left, 'left')
  // The router has seen that once it answers what came later.
  await bed.door('/answer', about('-no', program))
  answer()
  await until('it is known to be lost', () => bed.store.get('leaving')?.state === 'queued')
  const next = await bed.door('/wait', about('leaving', { ...program, Prefer: 'wait=1' }))
  assert.deepEqual([next.status, next.headers['x-verdict']], [403, undefined])
})

test('what came up meanwhile is led to on its own host, whatever its path looks like', async () => {
  bringUp('up', bed)
  for (const uri of ['/', '/a?b=c', '//evil.example/x', '/\\evil.example/x', '///evil.example', '/%2F/evil.example']) {
    const { status, headers } = await bed.door('/answer', about('up', { ...browser, 'X-Uri': uri }))
    assert.equal(status, 307)
    const { host, pathname, search } = new URL(headers.location!, `http://up.${domain}/`)
    assert.deepEqual([host, pathname + search], [`up.${domain}`, uri.replaceAll('\\', '/')], headers.location)
  }
})

describe('/.lotan/', () => {
  const post = { 'X-Method': 'POST' }
  const pathOf = (answer: { headers: { location?: string } }) =>
    new URL(answer.headers.location!, 'http://here').pathname

  test('retry is pressed by nobody else’s page', async () => {
    const here = `http://button.${domain}`
    for (const [who, headers, status] of [
      ['its own page', { 'Sec-Fetch-Site': 'same-origin', Origin: here }, 303],
      ['its own page over plain HTTP', { Origin: `${here}:8080` }, 303],
      ['a program', {}, 303],
      ['a sibling', { 'Sec-Fetch-Site': 'same-site', Origin: `http://other.${domain}` }, 403],
      ['a sibling over plain HTTP', { Origin: `http://other.${domain}` }, 403],
      ['a sandbox', { Origin: 'null' }, 403],
    ] as const)
      assert.equal((await bed.door('/retry', about('button', { ...post, ...headers }))).status, status, who)
    const referer = { Referer: `http://button.${domain}//evil.example/x` }
    assert.equal(pathOf(await bed.door('/retry', about('button', { ...post, ...referer }))), '//evil.example/x')
  })

  test('says what it takes, and where', async () => {
    for (const [uri, wrong, allowed] of [
      ['/retry', 'GET', 'POST'],
      ['/events', 'POST', 'GET'],
      ['/about', 'POST', 'GET, HEAD'],
    ] as const) {
      const notThisWay = await bed.door(uri, about('red', { 'X-Method': wrong }))
      assert.deepEqual([notThisWay.status, notThisWay.headers.allow], [405, allowed])
      assert.equal(notThisWay.json.title, 'Not this way')
      const nowhere = await bed.door(uri, about('-no', { 'X-Method': allowed.split(',')[0]! }))
      assert.deepEqual([nowhere.status, nowhere.json.title], [404, 'No container tag'])
    }
  })
})

describe('the page about a preview', () => {
  test('wakes nothing, counts as no activity, and is never kept', async () => {
    bringUp('known', bed)
    bed.store.apply('known', { type: 'stop', why: 'idle' })
    for (const event of [{ type: 'ending' }, { type: 'ended' }] as const) bed.store.apply('known', event)
    const before = bed.store.get('known')
    const page = await bed.door('/about', about('known', browser))
    assert.deepEqual(
      [page.status, page.headers['cache-control'], page.headers['x-robots-tag']],
      [200, 'no-store', 'noindex'],
    )
    assert.match(page.text, /<h1><code>known<\/code><\/h1>/)
    assert.match(page.text, /stopped<\/span> for 0\u00a0s; opening it starts it/)
    assert.match(page.text, /<code title="sha256:[0-9a-f]{64}">sha256:[0-9a-f]{12}<\/code>/)
    assert.match(page.text, new RegExp(`href="http://${domain}/previews/known"`))
    assert.doesNotMatch(page.text, /Leave/)
    const never = await bed.door('/about', about('never-opened', browser))
    assert.match(never.text, /nobody has opened it yet, or it was removed/)
    await bed.door('/about', about('known', { ...browser, 'X-Method': 'HEAD' }))
    bed.context.activity.close()
    assert.deepEqual(bed.store.get('known'), before)
    assert.equal(bed.store.get('never-opened'), undefined)
  })

  test('is none where there can be no preview', async () => {
    for (const [tag, status] of [
      ['x-hidden', 403],
      ['-no', 404],
    ] as const) {
      const page = await bed.door('/about', about(tag, browser))
      assert.equal(page.status, status)
      assert.doesNotMatch(page.text, /TAG_FILTER/)
    }
  })
})

describe('a visitor who waits', () => {
  for (const [state, events] of [
    ['queued', []],
    ['pulling', [steps.absent, steps.pull]],
    ['starting', [steps.absent, steps.pull, steps.pulled, steps.begin]],
  ] as const)
    test(`while it is ${state} is told that an admin stopped it`, async () => {
      const tag = `waits-${state}`
      await bed.door('/answer', about(tag, browser))
      bed.store.apply(tag, { type: 'start', by: 'visit' })
      for (const event of events) bed.store.apply(tag, event)
      assert.equal(bed.store.get(tag)?.state, state)
      const gone = new AbortController()
      const stream = await bed.openDoor('/events', { headers: about(tag, browser), signal: gone.signal })
      let heard = ''
      stream.setEncoding('utf8').on('data', (text: string) => (heard += text))
      stream.on('error', () => {})
      const last = () => JSON.parse(heard.split('data: ').at(-1)!) as Record<string, unknown>
      await until('the first word', () => heard.includes('data: ') && last().over === null)
      assert.equal((await bed.api(`/previews/${tag}/stop`, { method: 'POST' })).status, 202)
      const { status, line, bar } = await until(
        'the page is told',
        () => heard.endsWith('\n\n') && last().over === 'stopped' && last(),
      )
      assert.deepEqual(
        [status, line, bar],
        ['Somebody who runs Lotan stopped it while you were waiting.', 'Stopped', null],
      )
      gone.abort()
      // Its button starts it again.
      const pressed = await bed.door('/retry', about(tag, { 'X-Method': 'POST', Origin: `http://${tag}.${domain}` }))
      assert.equal(pressed.status, 303)
      assert.match(bed.store.get(tag)!.state, /queued|stopping/)
    })
})

test('who looks for a tag that is not there is offered close ones, and is told of no filter', async () => {
  bed.store.apply('pr-3001', { type: 'start', by: 'visit' })
  for (const event of [{ type: 'absent', isOffered: false }, { type: 'missing' }] as const)
    bed.store.apply('pr-3001', event)
  const withoutStyle = ({ text }: { text: string }) => text.replace(/<style.*?<\/style>/s, '')
  const link = `<a class="button" href="http://pr-3002.${domain}/">pr-3002</a>`
  // The other tests may have asked for as many as are answered in a second.
  const page = await until('close names', async () => {
    const answer = await bed.door('/answer', about('pr-3001', browser))
    return answer.text.includes(link) && answer
  })
  assert.equal(page.status, 404)
  assert.match(page.text, /There is no <code>pr-3001<\/code> yet/)
  assert.doesNotMatch(withoutStyle(page), /x-3001|filter/i)
  const refused = await bed.door('/answer', about('x-3002', browser))
  assert.match(refused.text, /Not every tag has one/)
  assert.doesNotMatch(withoutStyle(refused), /x-3001|filter/i)
})

describe('streams that only come back', () => {
  before(() => bed.store.facts.set('subnet', '10.83.0.0/16'))

  const events = { Accept: 'text/event-stream', 'X-Stream': 'events' }
  const socket = { ...program, 'X-Stream': 'websocket', 'Upgrade-Asked': 'websocket' }
  const ada = { 'X-Address': '192.0.2.7', 'User-Agent': 'Mozilla/5.0 (ada)' }
  let ids = 0
  const ask = (uri: string, tag: string, headers: Record<string, string>) =>
    bed.door(uri, about(tag, { 'X-Uri': '/live?at=1', 'X-Id': `id-${++ids}`, ...ada, ...headers }))
  const opened = async (tag: string, headers: Record<string, string>) => {
    assert.equal((await ask('/route', tag, headers)).status, 200)
    return `id-${ids}`
  }
  const ends = (id: string) => fs.appendFileSync(endedStreamsFile(bed.config), `${id}\n`)
  const asleep = async (tag: string) => {
    bringUp(tag, bed)
    const ended = await opened(tag, { ...socket, 'X-Uri': '/closed' })
    ends(ended)
    await opened(tag, events)
    await opened(tag, socket)
    bed.streams.write()
    bed.store.apply(tag, { type: 'stop', why: 'idle' })
  }

  test('wake nothing, and are told so each in its way', async () => {
    await asleep('quiet')
    for (const headers of [events, socket, { ...events, 'X-Uri': '/live?at=2' }])
      assert.equal((await ask('/wait', 'quiet', headers)).status, 403)
    assert.equal(bed.store.get('quiet')?.state, 'stopping', 'the stop was called off')
    assert.equal((await ask('/answer', 'quiet', events)).headers['x-accel-redirect'], '@closed')
    const refused = await ask('/answer', 'quiet', socket)
    assert.deepEqual([refused.status, refused.headers['x-accel-redirect']], [503, undefined])
    assert.match(refused.json.detail, /was open when the preview fell asleep/)
    assert.ok(Number(refused.headers['retry-after']) > 0)
  })

  test('are those of the same address, user agent and path that had not ended; all others wake', async () => {
    for (const [what, tag, headers] of [
      ['another path', 'path', { ...events, 'X-Uri': '/other' }],
      ['another address', 'address', { ...events, 'X-Address': '192.0.2.8' }],
      ['another user agent', 'agent', { ...socket, 'User-Agent': 'Mozilla/5.0 (ben)' }],
      ['one that had ended before', 'ended', { ...socket, 'X-Uri': '/closed' }],
      ['no stream', 'fetch', program],
    ] as const) {
      await asleep(tag)
      assert.equal((await ask('/wait', tag, headers)).status, 200, what)
      assert.equal(bed.store.get(tag)?.state, 'running', what)
    }
  })

  test('are none where nginx had given up before the router came to answer', async () => {
    bringUp('late', bed)
    const givenUp = { ...socket, 'X-Uri': '/given-up' }
    const headers = Object.entries(about('late', { ...ada, ...givenUp, 'X-Id': 'given-up' }))
    const lines = ['GET /route HTTP/1.1', 'Host: door', ...headers.map(([name, value]) => `${name}: ${value}`)]
    const nginx = net.connect(path.join(bed.config.runDir, 'router.sock'))
    await once(nginx, 'connect')
    // All in one turn of the loop: the router reads the request only after that.
    nginx.write(`${lines.join('\r\n')}\r\n\r\n`)
    nginx.destroy()
    ends('given-up')
    bed.streams.write()
    await opened('late', events)
    bed.streams.write()
    bed.store.apply('late', { type: 'stop', why: 'idle' })
    assert.equal((await ask('/wait', 'late', events)).status, 403)
    assert.equal((await ask('/wait', 'late', givenUp)).status, 200)
  })

  test('are let through once a person has come, and rest again with the preview', async () => {
    await asleep('again')
    await ask('/wait', 'again', { ...browser, 'X-Uri': '/' })
    await opened('again', events)
    bed.streams.write()
    bed.store.apply('again', { type: 'stop', why: 'idle' })
    assert.equal((await ask('/wait', 'again', events)).status, 403)
    assert.equal(bed.store.get('again')?.state, 'stopping')
  })
})

test('nginx may keep a yes only where it is for all requests of its kind', async () => {
  bed.store.facts.set('subnet', '10.83.0.0/16')
  bringUp('kept', bed)
  const caching = async (uri: string, headers: Record<string, string>) => {
    const answer = await bed.door(uri, about('kept', headers))
    return [answer.status, answer.headers['cache-control']]
  }
  const kept = [200, 'max-age=2, stale-while-revalidate=1, stale-if-error=5']
  const forOne = [200, 'no-store']
  // The first response to a person after the start tells how long that took.
  assert.deepEqual(await caching('/route', browser), forOne)
  assert.deepEqual(await caching('/route', browser), kept)
  assert.deepEqual(await caching('/route', { ...program, 'X-Kind': 'robot' }), kept)
  for (const stream of ['events', 'websocket'])
    assert.deepEqual(await caching('/route', { ...program, 'X-Stream': stream, 'X-Id': stream }), forOne)
  for (const uri of ['/wait', '/silent'])
    assert.deepEqual(await caching(uri, { ...program, 'X-Tried': 'slot_999' }), forOne)
  bed.store.apply('not-yet', { type: 'start', by: 'visit' })
  const refused = await bed.door('/route', about('not-yet', browser))
  assert.deepEqual([refused.status, refused.headers['cache-control']], [403, 'no-store'])
})

test('an EventSource that is held to the end is closed, and any other request gets a problem', async () => {
  bed.store.apply('long', { type: 'start', by: 'visit' })
  const events = { Accept: 'text/event-stream', 'X-Stream': 'events' }
  assert.equal((await bed.door('/answer', about('long', events))).headers['x-accel-redirect'], '@closed')
  assert.equal((await bed.door('/answer', about('long', program))).headers['x-accel-redirect'], undefined)
  // What has failed says so.
  bed.store.apply('long', { type: 'fail', reason: { code: 'bad-image', detail: 'no program' } })
  const failed = await bed.door('/answer', about('long', events))
  assert.deepEqual([failed.status, failed.headers['x-accel-redirect']], [502, undefined])
})

test('a container that sent an interim answer is reached through the relay from then on, and the next one is not', async () => {
  bed.store.facts.set('subnet', '10.83.0.0/20')
  bringUp('hinting', bed)
  const route = async () => {
    const { status, headers } = await bed.door('/route', about('hinting', program))
    return [status, headers['x-upstream']?.toString(), headers['x-relay']?.toString()] as const
  }
  const [, slot, direct] = await route()
  assert.notEqual(slot, 'relay')
  // What was tried was where the preview is no more.
  await bed.door('/interim', about('hinting', { ...program, 'X-Tried': 'slot_999' }))
  assert.deepEqual(await route(), [200, slot, direct])

  const get = await bed.door('/interim', about('hinting', { ...program, 'X-Tried': slot! }))
  assert.deepEqual([get.status, get.headers['x-accel-redirect']], [200, '@cold'])
  const [status, upstream, place] = await route()
  assert.deepEqual([status, upstream], [200, 'relay'])
  assert.match(place ?? '', /^[\d.]+:\d+$/)
  assert.equal(place, direct)
  const asked = about('hinting', { ...program, 'X-Method': 'POST', 'X-Tried': 'relay', 'X-Tried-Relay': place! })
  const post = await bed.door('/interim', asked)
  assert.deepEqual([post.status, post.headers['x-accel-redirect']], [502, undefined])

  bed.store.apply('hinting', { type: 'exited', generation: 1, gone: true, reason: { code: 'exited', detail: '' } })
  const { created, started, answered, ...before } = steps
  const next = { generation: 2, container: 'facade'.repeat(10) + 'beef' }
  const anew = [{ type: 'start', by: 'visit' } as const, ...Object.values(before), { ...created, ...next }]
  for (const event of anew) bed.store.apply('hinting', event)
  for (const event of [started, answered]) bed.store.apply('hinting', { ...event, generation: 2 })
  const [up, to] = await route()
  assert.equal(up, 200)
  assert.notEqual(to, 'relay')
})

test('a store that fails is no secret: it is logged, and whoever asked is told that Lotan is in trouble', async () => {
  const broken = await openBed()
  try {
    broken.store.close()
    for (const uri of ['/route', '/wait', '/lost', '/silent']) {
      const { status, headers } = await broken.door(uri, about('red', browser))
      assert.deepEqual([status, headers['x-verdict']], [403, 'trouble'], uri)
    }
    assert.ok(broken.lines.some((line) => line.includes('database connection is not open')))
    const page = await broken.door('/answer', about('red', { ...browser, 'X-Verdict': 'trouble' }))
    assert.deepEqual([page.status, page.headers.refresh], [503, '10'])
    assert.match(page.text, /Lotan is in trouble/)
    const problem = await broken.door('/answer', about('red', { ...program, 'X-Verdict': 'trouble' }))
    assert.deepEqual([problem.status, problem.json.title], [503, 'Lotan is in trouble'])
  } finally {
    await broken.close()
  }
})
