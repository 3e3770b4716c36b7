/** Second hosts as nginx asks for them: TAG--to-SERVICE reaches a service of a preview, and wakes that preview. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { OutgoingHttpHeaders } from 'node:http'
import net from 'node:net'
import { after, before, describe, test } from 'node:test'
import { generationOf } from '../../shared/preview/preview.ts'
import { splitId } from '../../shared/preview/preview-id.ts'
import { serviceHostPort } from '../../shared/slots/service-slots.ts'
import type { ServiceRow } from '../../shared/stack/service-state.ts'
import { labelOf } from '../../shared/tag.ts'
import { until } from '../../testing/harness/until.ts'
import { bearer, domain, openBed, steps, token, type Bed } from '../admin/harness.ts'

/** All of its addresses are this machine's: a slot can be listened at. */
const SUBNET = '127.83.0.0/20'
const STACK = `services:
  mail: { image: mail, x-lotan: { host: true, port: 8025 } }
  db: { image: postgres }`
const browser = { Accept: 'text/html,*/*;q=0.8', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }
const program = { Accept: '*/*' }
const at = (label: string, headers: OutgoingHttpHeaders = {}) => ({ 'X-Host': `${label}.${domain}`, ...headers })
const settings = { REPOSITORY: 'reg.example.com/web', LOTAN_REPOSITORIES: 'api=reg.example.com/api' }

const servers: net.Server[] = []
after(() => {
  for (const server of servers) server.close()
})

/** @param place `127.83.7.0:8025` */
async function listenAt(place: string) {
  const [host, port] = place.split(':')
  const server = net.createServer((socket) => socket.on('error', () => {}).resume()).listen(Number(port), host)
  servers.push(server)
  await once(server, 'listening')
}

/** @param bed each has its own slots, and the machine's addresses are shared: its port tells them apart */
function withStacks(bed: Bed, port = 8025) {
  const { store } = bed
  store.facts.set('slotKind', 'network')
  store.facts.set('subnet', SUBNET)

  function bringUp(id: string, stack: string | null = STACK) {
    if (!store.get(id)) store.apply(id, { type: 'start', by: 'admin' })
    const labels: Record<string, string> = stack === null ? {} : { 'lotan.stack': stack }
    const image = { ...steps.pulled.image, labels }
    if (store.get(id)?.copy) store.apply(id, { type: 'found', image })
    else for (const step of [steps.absent, steps.pull, { type: 'pulled' as const, image }]) store.apply(id, step)
    for (const step of [steps.begin, steps.created, steps.started, steps.answered]) store.apply(id, step)
  }

  /** As the queue-processor does. @returns where it is reached */
  function serve(id: string, more: Partial<ServiceRow> = {}): string {
    const row = {
      ...{ ...splitId(id), name: 'mail', place: 0, image: 'mail', imageId: null, digest: null, spec: null },
      ...{ state: 'running' as const, since: Date.now(), container: `mail-of-${id}`, slot: null, port },
      ...{ label: labelOf(id, bed.config, 'mail'), crashes: 0, restartAt: null, reason: null },
    }
    store.services.put({ ...row, ...more })
    const slot = store.services.takeSlot(id, 'mail', { egress: false })!
    const { host } = serviceHostPort({ kind: 'network', subnet: SUBNET }, { slot, port })!
    return `${host}:${port}`
  }

  const becomes = (id: string, what: Partial<ServiceRow>) =>
    store.services.change(id, 'mail', { since: Date.now(), ...what })
  return { bringUp, serve, becomes }
}

describe('a second host', { timeout: 60_000 }, () => {
  let bed: Bed
  let stacks: ReturnType<typeof withStacks>
  before(async () => {
    bed = await openBed({ ...settings, LOTAN_HOLD_SECONDS: '20' })
    stacks = withStacks(bed)
  })
  after(() => bed?.close())

  const answer = (label: string, headers: OutgoingHttpHeaders) => bed.door('/answer', at(label, headers))

  test('of a preview that runs leads to its service, whose port is told too', async () => {
    for (const [id, label] of [
      ['pr-1', 'pr-1--to-mail'],
      ['api/pr-1', 'pr-1--to-mail.api'],
      ['1.9.5', '1_9_5--to-mail'],
      ['Main', labelOf('Main', bed.config, 'mail')],
    ] as const) {
      stacks.bringUp(id)
      const place = stacks.serve(id)
      const { status, headers } = await bed.door('/route', at(label, program))
      assert.equal(status, 200, label)
      assert.deepEqual(
        [headers['x-upstream'], headers['x-relay'], headers['x-app-port'], headers['cache-control']],
        [place, place, '8025', 'max-age=2, stale-while-revalidate=1, stale-if-error=5'],
      )
      const own = await bed.door('/route', at(labelOf(id, bed.config), program))
      assert.notEqual(own.headers['x-relay'], place)
    }
  })

  test('of a sleeping preview wakes it, and holds the request until the preview and the service are up', async () => {
    const asked = bed.openDoor('/wait', { headers: at('pr-2--to-mail', program) })
    await until('it is woken', () => bed.store.get('pr-2')?.state === 'queued')
    await until('that is a visit', () => (bed.store.get('pr-2')?.lastSeen ?? 0) > 0)
    await listenAt(stacks.serve('pr-2', { state: 'starting' }))
    stacks.bringUp('pr-2')
    let isHeld = true
    void asked.then(() => (isHeld = false))
    // A request of after the change is answered: so was this one, if it was let go on by it.
    await bed.door('/answer', at('-no', program))
    await until('the change was looked at', () => bed.changes.state('pr-2') === 'running')
    assert.ok(isHeld && bed.context.meters.held > 0)
    stacks.becomes('pr-2', { state: 'running' })
    const answered = await asked
    answered.resume()
    assert.deepEqual([answered.statusCode, answered.headers['x-app-port']], [200, '8025'])
    assert.match(String(answered.headers['x-upstream']), /^127\.83\.7\.\d+:8025$/)
  })

  test('of a preview that comes up shows its waiting page, which names the service', async () => {
    bed.store.apply('pr-3', { type: 'start', by: 'visit' })
    const page = await answer('pr-3--to-mail', browser)
    assert.equal(page.status, 503)
    assert.match(page.text, /<h1><span>[^<]*<\/span><code>pr-3<\/code>/)
    assert.match(page.text, /You will land on its service <code>mail<\/code>/)
    const within = await answer('pr-3--to-mail', { ...browser, 'X-Uri': '/inbox' })
    assert.match(within.text, /its service <code>mail<\/code>, at <code>\/inbox<\/code>/)
  })

  test('that the stack does not have is not found, and wakes nothing', async () => {
    stacks.bringUp('pr-4')
    bed.store.apply('pr-4', { type: 'stop', why: 'asked' })
    stacks.bringUp('pr-5', null)
    const before = JSON.stringify(bed.store.list().map(({ tag, change }) => [tag, change]))
    for (const label of ['pr-4--to-web', 'pr-4--to-db', 'pr-5--to-mail']) {
      for (const path of ['/route', '/wait']) assert.equal((await bed.door(path, at(label, program))).status, 403)
      const { status, json } = await answer(label, program)
      assert.deepEqual([status, json.title], [404, 'No such second host'], label)
      const page = await answer(label, browser)
      assert.equal(page.status, 404)
      assert.match(page.text, new RegExp(`href="http://pr-[45].${domain}/"`))
    }
    assert.equal(JSON.stringify(bed.store.list().map(({ tag, change }) => [tag, change])), before)
  })

  test('of a tag that is not known yet wakes it, and is not found once its image says so', async () => {
    const asked = bed.openDoor('/wait', { headers: at('pr-6--to-web', program) })
    await until('it is woken', () => bed.store.get('pr-6'))
    stacks.bringUp('pr-6')
    const answered = await asked
    answered.resume()
    assert.equal(answered.statusCode, 403)
    assert.equal((await answer('pr-6--to-web', program)).status, 404)
  })

  test('of a service that is started again has a page that says so, and holds programs', async () => {
    stacks.bringUp('pr-7')
    await listenAt(stacks.serve('pr-7', { state: 'restarting', restartAt: Date.now() + 8_000 }))
    assert.equal((await bed.door('/route', at('pr-7--to-mail', browser))).status, 403)
    assert.equal((await bed.door('/wait', at('pr-7--to-mail', browser))).status, 403)
    const page = await answer('pr-7--to-mail', browser)
    assert.equal(page.status, 503)
    assert.match(page.text, /mail of pr-7 is not up/)
    assert.match(page.text, /It ended by itself, and is started again\. pr-7 itself runs on\./)
    assert.equal(page.headers.refresh, page.headers['retry-after'])
    assert.ok(Number(page.headers.refresh) >= 7)
    const robot = await answer('pr-7--to-mail', { ...program, 'X-Kind': 'robot' })
    assert.deepEqual([robot.status, robot.json.title], [503, 'The service is not up'])
    // The preview's own host does not know.
    assert.equal((await bed.door('/route', at('pr-7', browser))).status, 200)

    const { change } = bed.store.get('pr-7')!
    const asked = bed.openDoor('/wait', { headers: at('pr-7--to-mail', program) })
    await until('it is held', () => bed.context.meters.held > 0)
    stacks.becomes('pr-7', { state: 'running', restartAt: null })
    const answered = await asked
    answered.resume()
    assert.equal(answered.statusCode, 200)
    assert.equal(bed.store.get('pr-7')!.change, change, 'the application is left alone')
  })

  test('of a copy is that copy’s; where there is no copy it is no preview’s', async () => {
    assert.equal((await answer('pr-1--as-anna', program)).json.title, 'No container tag')
    assert.equal((await answer('pr-1--as-anna--to-mail', program)).json.title, 'No container tag')
    assert.equal(bed.store.get('pr-1~anna'), undefined)
    const { image } = bed.store.get('pr-1')!
    bed.store.apply('pr-1~anna', {
      type: 'copied',
      copy: { of: 'pr-1', at: Date.now(), kept: false, trusted: false },
      image: image!,
      until: null,
    })
    bed.store.apply('pr-1~anna', { type: 'start', by: 'admin' })
    stacks.bringUp('pr-1~anna')
    const place = stacks.serve('pr-1~anna')
    assert.equal((await bed.door('/route', at('pr-1--as-anna', program))).status, 200)
    const { headers } = await bed.door('/route', at('pr-1--as-anna--to-mail', program))
    assert.equal(headers['x-upstream'], place)
    assert.notEqual((await bed.door('/route', at('pr-1--to-mail', program))).headers['x-upstream'], place)
  })

  test('a call of another preview does not reach it', async () => {
    stacks.bringUp('pr-8')
    stacks.serve('pr-8')
    stacks.bringUp('api/pr-8')
    const { slot } = generationOf(bed.store.get('api/pr-8')!)!
    const { host } = serviceHostPort({ kind: 'network', subnet: SUBNET }, { slot: slot!, port: 80 })!
    const headers = (label: string) => at(label, { ...program, 'X-Peer': host, 'X-Address': host })
    assert.equal((await bed.door('/wait', headers('pr-8'))).status, 200)
    assert.equal((await bed.door('/wait', headers('pr-8--to-mail'))).status, 403)
  })

  test('has the small page about the preview, which names its service', async () => {
    stacks.bringUp('pr-9')
    stacks.serve('pr-9')
    const page = await bed.door('/about', at('pr-9--to-mail', browser))
    assert.equal(page.status, 200)
    assert.match(page.text, /<code>mail<\/code> of its stack, which runs/)
    assert.match(page.text, />Back to mail</)
    const none = await bed.door('/about', at('pr-9--to-web', browser))
    assert.equal(none.status, 404)
  })
})

describe('a service that does not answer', { timeout: 60_000 }, () => {
  let bed: Bed
  let stacks: ReturnType<typeof withStacks>
  let port: number
  before(async () => {
    bed = await openBed({ ...settings, LOTAN_HOLD_SECONDS: '20' })
    const free = net.createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    port = (free.address() as net.AddressInfo).port
    free.close()
    stacks = withStacks(bed, port)
  })
  after(() => bed?.close())

  function up(id: string): string {
    stacks.bringUp(id)
    return stacks.serve(id)
  }

  /** What the reaper tells of containers, and which were asked about. */
  function containers(told: (id: string) => { running: boolean } | undefined): string[] {
    const asked: string[] = []
    bed.reaper(({ url }, res) => {
      const id = decodeURIComponent(url!.split('/').at(-1)!)
      asked.push(id)
      const state = told(id)
      res.writeHead(state ? 200 : 404).end(JSON.stringify({ exitCode: null, ...state }))
    })
    return asked
  }

  const lost = (label: string, place: string, headers: OutgoingHttpHeaders, path = '/lost') =>
    bed.door(path, at(label, { 'X-Tried': place, 'X-Tried-Relay': place, ...headers }))

  test('is looked at itself; its request waits until it is back, and the application is left alone', async () => {
    const place = up('gone')
    const asked = containers(() => ({ running: false }))
    const before = bed.store.get('gone')
    const page = await lost('gone--to-mail', place, browser)
    assert.equal(page.status, 403)
    assert.equal((await bed.door('/answer', at('gone--to-mail', browser))).status, 503)
    // Until its row says so, too, no request is sent there.
    assert.equal((await bed.door('/route', at('gone--to-mail', program))).status, 403)
    const held = lost('gone--to-mail', place, program)
    await until('it is held', () => bed.context.meters.held > 0)
    await listenAt(place)
    stacks.becomes('gone', { state: 'restarting', restartAt: Date.now(), since: Date.now() + 1 })
    stacks.becomes('gone', { state: 'running', restartAt: null, since: Date.now() + 2 })
    assert.equal((await held).status, 200)
    assert.deepEqual([...new Set(asked)], ['mail-of-gone'])
    assert.deepEqual({ ...bed.store.get('gone'), lastSeen: 0 }, { ...before, lastSeen: 0 })
  })

  test('has what cannot be sent again refused', async () => {
    const place = up('spent')
    containers(() => undefined)
    const { status, headers } = await lost('spent--to-mail', place, { ...program, 'X-Method': 'POST' })
    assert.deepEqual([status, headers['x-verdict']], [403, 'spent'])
    const { json } = await bed.door('/answer', at('spent--to-mail', { ...program, 'X-Verdict': 'spent' }))
    assert.match(json.detail, /^mail of spent was lost a moment ago/)
  })

  test('and listens has dropped the request, or had too many at once', async () => {
    const place = up('alive')
    await listenAt(place)
    containers(() => ({ running: true }))
    const dropped = await lost('alive--to-mail', place, program)
    assert.deepEqual([dropped.status, dropped.headers['x-verdict']], [403, 'alive'])
    const page = await bed.door('/answer', at('alive--to-mail', { ...browser, 'X-Verdict': 'alive' }))
    assert.match(page.text, /mail of alive did not answer/)
    const again = await lost('alive--to-mail', place, program, '/silent')
    assert.deepEqual([again.status, again.headers['x-upstream']], [200, place])
  })

  test('and does not listen yet has a page that says so, and programs wait until it does', async () => {
    const place = up('deaf')
    containers(() => ({ running: true }))
    const visitor = await lost('deaf--to-mail', place, browser)
    assert.deepEqual([visitor.status, visitor.headers['x-verdict']], [403, 'deaf'])
    const page = await bed.door('/answer', at('deaf--to-mail', { ...browser, 'X-Verdict': 'deaf' }))
    assert.equal(page.status, 503)
    assert.match(page.text, new RegExp(`nothing in it listens on port ${port} yet`))
    assert.equal(page.headers.refresh, '2')
    const held = lost('deaf--to-mail', place, program)
    await until('it is held', () => bed.context.meters.held > 0)
    await listenAt(place)
    assert.equal((await held).status, 200)
  })

  test('and has only just come back is waited for until it listens', async () => {
    const place = up('slow')
    const held = bed.door('/wait', at('slow--to-mail', program))
    await until('it is held', () => bed.context.meters.held > 0)
    await listenAt(place)
    assert.equal((await held).status, 200)
  })

  test('has moved meanwhile: its request follows', async () => {
    up('moved')
    const asked = containers(() => undefined)
    const { status } = await lost('moved--to-mail', '127.83.7.255:1', program)
    assert.equal(status, 200)
    assert.deepEqual(asked, [])
  })

  test('is not known while the reaper does not tell: it is taken to run', async () => {
    const place = up('doubt')
    bed.reaper((_req, res) => res.writeHead(500).end('{}'))
    const { headers } = await lost('doubt--to-mail', place, program)
    assert.equal(headers['x-verdict'], 'alive')
    assert.equal(bed.store.get('doubt')?.state, 'running')
  })
})

describe('where slots are ports', { timeout: 30_000 }, () => {
  let bed: Bed
  before(async () => {
    bed = await openBed(settings)
    withStacks(bed).bringUp('pr-7')
    bed.store.facts.set('slotKind', 'port')
    bed.store.facts.set('slotPorts', [20_001, 20_002])
  })
  after(() => bed?.close())

  test('there are no second hosts, and their page says so', async () => {
    for (const label of ['pr-7--to-mail', 'never--to-mail']) {
      const { status, json } = await bed.door('/answer', at(label, program))
      assert.equal(status, 404)
      assert.match(json.detail, /have no addresses of their own on this server/)
    }
    assert.equal(bed.store.get('never'), undefined)
  })
})

describe('the gate of a second host', { timeout: 30_000 }, () => {
  let bed: Bed
  before(async () => {
    bed = await openBed({ ...settings, LOTAN_GATE: 'password', LOTAN_GATE_PASSWORD: 'open sesame' })
    const stacks = withStacks(bed)
    for (const id of ['pr-7', 'pr-8']) {
      stacks.bringUp(id)
      stacks.serve(id)
    }
  })
  after(() => bed?.close())

  const routeStatus = async (label: string, headers: OutgoingHttpHeaders = {}) =>
    (await bed.door('/route', at(label, headers))).status
  const passIn = (headers: { 'set-cookie'?: string[] }) => /=([^;]+)/.exec(headers['set-cookie']?.[0] ?? '')?.[1] ?? ''

  test('lets no stranger in, and leads to the login and back to that host', async () => {
    for (const path of ['/route', '/wait', '/lost', '/silent'])
      for (const label of ['pr-7--to-mail', 'pr-7--to-web', 'never--to-mail'])
        assert.equal((await bed.door(path, at(label, browser))).status, 401)
    assert.equal(bed.store.get('never'), undefined)
    const { headers } = await bed.door('/answer', at('pr-7--to-mail', { ...browser, 'X-Uri': '/inbox?a=b' }))
    const login = new URL(headers.location!)
    assert.deepEqual(Object.fromEntries(login.searchParams), { at: 'pr-7--to-mail', to: '/inbox?a=b' })

    const Cookie = await bed.cookie()
    const led = await bed.ask(login.pathname + login.search, { headers: { Cookie } })
    const entry = new URL(led.headers.location!)
    assert.equal(entry.host, `pr-7--to-mail.${domain}`)
    const entered = await bed.door('/enter', at('pr-7--to-mail', { 'X-Uri': entry.pathname + entry.search }))
    assert.deepEqual([entered.status, entered.headers.location], [303, '/inbox?a=b'])
    const pass = passIn(entered.headers)
    assert.equal(await routeStatus('pr-7--to-mail', { 'X-Passes': pass }), 200)
    assert.equal(await routeStatus('pr-8--to-mail', { 'X-Passes': pass }), 401)
  })

  test('a share link of the preview opens it, and Lotan-Bypass does', async () => {
    const made = await bed.api('/previews/pr-7/shares', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"for":"1d"}',
    })
    const { search } = new URL(made.json.url)
    const entered = await bed.door('/enter', at('pr-7--to-mail', { ...browser, 'X-Uri': `/.lotan/enter${search}` }))
    assert.equal(entered.status, 303)
    assert.equal(await routeStatus('pr-7--to-mail', { 'X-Passes': passIn(entered.headers) }), 200)
    const other = await bed.door('/enter', at('pr-8--to-mail', { ...browser, 'X-Uri': `/.lotan/enter${search}` }))
    assert.equal(other.headers['set-cookie'], undefined)
    assert.equal(await routeStatus('pr-7--to-mail', { 'X-Bypass': token }), 200)
    assert.equal(await routeStatus('pr-7--to-mail', { 'X-Bypass': `${bearer.Authorization}x` }), 401)
  })
})
