import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import autocannon from 'autocannon'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { anyText, headerText } from '../../testing/arbitraries/texts.ts'
import { until } from '../../testing/harness/until.ts'
import { bringUp, domain, openBed, token, type Ask, type Bed } from '../admin/harness.ts'

const secret = 'the-secret-of-these-hooks'
const github = {
  REPOSITORY: 'registry.example.com/team/app',
  LOTAN_REPOSITORIES: 'api=registry.example.com/team/api',
  LOTAN_FORGE: 'github',
  LOTAN_FORGE_REPOSITORY: 'Team/App api=team/api',
  LOTAN_FORGE_TAG: 'pr-{number} {sha7}',
  LOTAN_HOOK_SECRET: secret,
  TAG_FILTER: '^[^x]',
}
const sha = 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7'

function pullRequest(number: number, more: object = {}, path = 'team/app') {
  return {
    action: 'opened',
    number,
    pull_request: {
      number,
      title: 'Blue',
      user: { login: 'mina' },
      state: 'open',
      html_url: `https://github.com/team/app/pull/${number}`,
      merge_commit_sha: null,
      head: { ref: 'blue', sha, repo: { id: 1 } },
      base: { ref: 'main', repo: { id: 1 } },
      updated_at: '2026-03-01T10:00:00Z',
      ...more,
    },
    repository: { full_name: path },
  }
}

const signed = (body: string) => ({
  'X-Hub-Signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
})

let deliveries = 0
/** As GitHub sends it. */
function delivery(
  payload: unknown,
  { event = 'pull_request', id = `delivery-${deliveries++}`, headers = {} } = {},
): Ask {
  const body = JSON.stringify(payload)
  const own = { 'Content-Type': 'application/json', 'X-GitHub-Event': event, 'X-GitHub-Delivery': id }
  return { method: 'POST', body, headers: { ...own, ...signed(body), ...headers } }
}

const push = (tag: string, headers: Record<string, string> = {}, more: object = {}): Ask => ({
  method: 'POST',
  body: JSON.stringify({ tag, ...more }),
  headers: { 'Content-Type': 'application/json', ...headers },
})
const bearer = (password: string) => ({ Authorization: `Bearer ${password}` })

const hintsIn = ({ store }: Bed, kind: 'change' | 'push') =>
  store.hints.list(kind).map(({ repository, subject }) => [repository, subject].join(' '))

function forget({ store }: Bed) {
  for (const kind of ['change', 'push'] as const) for (const hint of store.hints.list(kind)) store.hints.done(hint)
}

describe('the hook of a forge', () => {
  let bed: Bed
  const send = (ask: Ask) => bed.ask('/hooks/forge', ask)
  before(async () => {
    bed = await openBed(github)
  })
  after(() => bed.close())

  test('a signed pull request is noted at once, and left for the forge part to read', async () => {
    const { status, json } = await send(delivery(pullRequest(7)))
    assert.deepEqual([status, json], [202, { received: true, duplicate: false }])
    const { title, author, fork, state, closedAt } = bed.store.changes.get({ repository: '', number: 7 })!
    assert.deepEqual({ title, author, fork, state, closedAt }, { title: 'Blue', author: 'mina', fork: false, state: 'open', closedAt: null }) // prettier-ignore
    assert.deepEqual(bed.store.changes.tagsOf({ repository: '', number: 7 }), ['pr-7', sha.slice(0, 7)])
    assert.deepEqual(hintsIn(bed, 'change'), [' 7'])
    assert.equal(bed.store.standing('pr-7', Date.now()).is, 'free')
  })

  test('one that is closed is closed at once, and an older delivery that comes later changes nothing', async () => {
    const later = { state: 'closed', merged: true, updated_at: '2026-03-01T11:00:00Z' }
    await send(delivery(pullRequest(8)))
    await send(delivery(pullRequest(8, later)))
    await send(delivery(pullRequest(8, { title: 'late' })))
    const { state, title, closedAt } = bed.store.changes.get({ repository: '', number: 8 })!
    assert.deepEqual([state, title, typeof closedAt], ['merged', 'Blue', 'number'])
    assert.equal(bed.store.standing('pr-8', Date.now()).is, 'closed')
  })

  test('a delivery that comes again says so, and is not noted again', async () => {
    assert.equal((await send(delivery(pullRequest(9), { id: 'the-same-one' }))).json.duplicate, false)
    forget(bed)
    assert.equal((await send(delivery(pullRequest(9), { id: 'the-same-one' }))).json.duplicate, true)
    assert.deepEqual(hintsIn(bed, 'change'), [])
  })

  test('a wrong signature, one of other bytes and none are 401, and nothing is noted', async () => {
    forget(bed)
    const good = delivery(pullRequest(10))
    const wrongs = ['', 'sha256=', `sha256=${'0'.repeat(64)}`, signed('{}')['X-Hub-Signature-256'], 'é']
    for (const wrong of wrongs) {
      const { status, json } = await send({
        ...good,
        headers: { ...good.headers, 'X-Hub-Signature-256': headerText(wrong) },
      })
      assert.deepEqual([status, json.type.split('/').at(-1)], [401, 'bad-signature'], wrong)
    }
    assert.equal((await send({ ...good, headers: { 'X-GitHub-Event': 'pull_request' } })).status, 401)
    assert.equal(bed.store.changes.get({ repository: '', number: 10 }), undefined)
    assert.deepEqual(hintsIn(bed, 'change'), [])
  })

  test('a login or another page’s cookie changes nothing: the signature alone counts', async () => {
    const headers = { Cookie: await bed.cookie(), 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }
    assert.equal((await send(delivery(pullRequest(11), { headers }))).status, 202)
    const { headers: own, ...sent } = delivery(pullRequest(11))
    assert.equal((await send({ ...sent, headers: { ...own, ...headers, 'X-Hub-Signature-256': 'no' } })).status, 401)
    assert.equal((await send({ ...sent, headers: { ...own, ...bearer(token), 'X-Hub-Signature-256': 'no' } })).status, 401) // prettier-ignore
  })

  test('events that mean nothing, and repositories of others, are 202', async () => {
    forget(bed)
    const before = bed.store.changes.list().length
    const { repository } = pullRequest(1)
    for (const [event, payload] of [
      ['ping', { zen: 'Keep it simple', repository }],
      ['no_such_event', {}],
      ['pull_request', pullRequest(12, {}, 'other/app')],
      ['pull_request', []],
      ['push', { ref: 'refs/tags/v1', repository }],
    ] as const)
      assert.equal((await send(delivery(payload, { event }))).status, 202, event)
    const broken = '{"action":'
    assert.equal((await send({ method: 'POST', body: broken, headers: signed(broken) })).status, 202)
    assert.deepEqual([hintsIn(bed, 'change'), bed.store.changes.list().length], [[], before])
  })

  test('a push to a branch leads to a look at all, each repository by its own path', async () => {
    forget(bed)
    await send(delivery({ ref: 'refs/heads/main', repository: { full_name: 'team/api' } }, { event: 'push' }))
    await send(delivery(pullRequest(7, {}, 'team/api')))
    assert.deepEqual(hintsIn(bed, 'change').sort(), ['api ', 'api 7'])
    assert.ok(bed.store.changes.get({ repository: 'api', number: 7 }))
  })

  test('GitHub’s older content type is read too', async () => {
    const body = `payload=${encodeURIComponent(JSON.stringify(pullRequest(13)))}`
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', 'X-GitHub-Event': 'pull_request' }
    assert.equal((await send({ method: 'POST', body, headers: { ...headers, ...signed(body) } })).status, 202)
    assert.ok(bed.store.changes.get({ repository: '', number: 13 }))
  })

  test('what is too large is 413, and another method 405', async () => {
    const { status, json } = await send(delivery({ junk: 'x'.repeat(1024 * 1024) }))
    assert.deepEqual([status, json.type.split('/').at(-1)], [413, 'too-large'])
    assert.equal((await bed.ask('/hooks/forge')).status, 405)
  })

  test('any bytes and headers get an answer of the contract', async () => {
    const headers = fc.record(
      {
        'X-GitHub-Event': anyText.map(headerText),
        'X-GitHub-Delivery': anyText.map(headerText),
        'X-Hub-Signature-256': anyText.map(headerText),
        'Content-Type': fc.oneof(fc.constant('application/json'), fc.constant('application/x-www-form-urlencoded'), anyText.map(headerText)), // prettier-ignore
        'Content-Encoding': fc.constantFrom('gzip', 'identity', 'no-such'),
        Authorization: fc.oneof(anyText.map(headerText), fc.constantFrom(`Bearer ${secret}`, 'Basic !', 'Bearer')),
      },
      { requiredKeys: [] },
    )
    const body = fc.oneof(fc.json(), fc.string({ unit: 'binary', maxLength: 60 }))
    await fc.assert(
      fc.asyncProperty(
        headers,
        body,
        fc.boolean(),
        fc.constantFrom('forge', 'registry'),
        async (sent, body, isSigned, hook) => {
          const all = { ...sent, ...(isSigned && signed(body)) }
          const { status } = await bed.ask(`/hooks/${hook}`, { method: 'POST', body, headers: all })
          const isEncoded = /^(gzip|no-such)$/.test(sent['Content-Encoding'] ?? '')
          assert.ok((isEncoded ? [415, 202, 401] : [202, 401]).includes(status), `${status}`)
          if (isSigned && !isEncoded && hook === 'forge') assert.equal(status, 202)
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('a flood', () => {
  let bed: Bed
  before(async () => {
    bed = await openBed(github)
  })
  after(() => bed.close())

  /** @returns how often each status was answered */
  async function flood(amount: number, ask: (n: number) => Ask, hook = 'forge') {
    let n = 0
    const next = (): autocannon.Request => {
      const { method, headers, body } = ask(n++)
      return { method: method as 'POST', path: `/hooks/${hook}`, headers: headers as Record<string, string>, body }
    }
    const { statusCodeStats } = await autocannon({
      url: `http://${domain}`,
      socketPath: path.join(bed.config.runDir, 'desk.sock'),
      amount,
      connections: 20,
      requests: [{ setupRequest: (request) => ({ ...request, ...next() }) }],
    })
    return Object.entries(statusCodeStats!).map(([status, { count }]) => [Number(status), count])
  }

  test('10 000 forged ones note nothing, and few lines tell of them', async () => {
    const forged = delivery(pullRequest(1), { headers: { 'X-Hub-Signature-256': `sha256=${'f'.repeat(64)}` } })
    assert.deepEqual(await flood(10_000, () => forged), [[401, 10_000]])
    assert.deepEqual([bed.store.changes.list(), hintsIn(bed, 'change')], [[], []])
    assert.ok(bed.lines.filter((line) => line.includes('wrong token')).length <= 110)
  })

  test('10 000 that are signed leave a hint each for few changes, and for very many one', async () => {
    const few = await flood(5_000, (n) => delivery(pullRequest((n % 5) + 1)))
    assert.deepEqual(few, [[202, 5_000]])
    assert.equal(hintsIn(bed, 'change').length, 5)
    assert.deepEqual(await flood(5_000, (n) => delivery(pullRequest(n + 1))), [[202, 5_000]])
    assert.ok(hintsIn(bed, 'change').length <= 2_001)
  })

  test('10 000 unsigned pushes, of one tag and of many that are not known, leave one hint', async () => {
    bringUp('red', bed)
    assert.deepEqual(await flood(10_000, (n) => push(n % 2 ? 'red' : `t${n}`), 'registry'), [[202, 10_000]])
    assert.deepEqual(hintsIn(bed, 'push'), [' red'])
  })
})

describe('a database that another process has locked', () => {
  let bed: Bed
  before(async () => {
    bed = await openBed(github)
  })
  after(() => bed.close())

  test('keeps no sender waiting, and what was told is written when it is free', async () => {
    const other = new Database(path.join(bed.config.dataDir, 'lotan.sqlite'))
    other.exec('BEGIN IMMEDIATE')
    try {
      for (let n = 0; n < 20; n++) {
        assert.equal((await bed.ask('/hooks/forge', delivery(pullRequest(20 + n), { id: `locked-${n}` }))).status, 202)
        assert.equal((await bed.ask('/hooks/registry', push(`pr-${n}`, bearer(secret)))).status, 202)
      }
      assert.equal((await bed.ask('/hooks/forge', delivery(pullRequest(20), { id: 'locked-0' }))).json.duplicate, true)
      assert.deepEqual(bed.store.changes.list(), [])
    } finally {
      other.exec('ROLLBACK')
      other.close()
    }
    await until('all is written', () => bed.store.changes.list().length === 20 && hintsIn(bed, 'push').length === 20)
    assert.equal((await bed.ask('/hooks/forge', delivery(pullRequest(20), { id: 'locked-0' }))).json.duplicate, true)
  })
})

describe('the hook of a registry', () => {
  let bed: Bed
  const send = (ask: Ask) => bed.ask('/hooks/registry', ask)
  before(async () => {
    bed = await openBed({ ...github, LOTAN_FORGE: '', LOTAN_FORGE_REPOSITORY: '' })
  })
  after(() => bed.close())

  async function made(name: string, can: string, match?: string): Promise<string> {
    const body = JSON.stringify({ name, can, ...(match && { match }) })
    const { json } = await bed.api('/tokens', { method: 'POST', body, headers: { 'Content-Type': 'application/json' } })
    return json.token
  }

  test('where no forge is configured the forge’s is 404', async () => {
    const { status, headers } = await bed.ask('/hooks/forge', delivery(pullRequest(1)))
    assert.equal(status, 404)
    assert.match(headers['content-type']!, /problem\+json/)
  })

  test('the hooks’ secret, the admin token and a token that can run are believed, as Bearer and as Basic', async () => {
    const run = await made('ci', 'run')
    for (const [n, password] of [secret, token, run].entries()) {
      const basic = { Authorization: `Basic ${Buffer.from(`any:${password}`).toString('base64')}` }
      assert.equal((await send(push(`a${n}`, bearer(password)))).status, 202)
      assert.equal((await send(push(`b${n}`, basic))).status, 202)
    }
    assert.deepEqual(
      hintsIn(bed, 'push').sort(),
      ['a0', 'a1', 'a2', 'b0', 'b1', 'b2'].map((tag) => ` ${tag}`),
    )
    assert.ok(bed.store.tokens.list()[0]!.lastUsed)
  })

  test('a wrong one, and a token that may only read, is 401', async () => {
    forget(bed)
    for (const password of ['wrong', '', await made('reader', 'read')])
      assert.equal((await send(push('red', bearer(password)))).status, 401)
    assert.equal((await send(push('red', { Authorization: 'Digest x' }))).status, 401)
    assert.equal((await send(push('red', { 'X-Hub-Signature-256': 'sha256=0' }))).status, 401)
    assert.deepEqual(hintsIn(bed, 'push'), [])
  })

  test('a token is believed for its tags alone, and no tag that may not start is looked at', async () => {
    forget(bed)
    const own = await made('own', 'run', '^pr%-')
    for (const tag of ['pr-1', 'main']) assert.equal((await send(push(tag, bearer(own)))).status, 202)
    assert.equal((await send(push('x', bearer(secret)))).status, 202)
    assert.deepEqual(hintsIn(bed, 'push'), [' pr-1'])
  })

  test('GitHub’s signature is believed, and a delivery that comes again is not looked at again', async () => {
    forget(bed)
    const package_version = { container_metadata: { tag: { name: 'pr-5', digest: 'sha256:1' } } }
    const ghcr = { registry_package: { name: 'api', owner: { login: 'team' }, package_version } }
    const ask = delivery(ghcr, { event: 'registry_package', id: 'package-1' })
    assert.deepEqual((await send(ask)).json, { received: true, duplicate: false })
    assert.deepEqual(hintsIn(bed, 'push'), ['api pr-5'])
    forget(bed)
    assert.deepEqual((await send(ask)).json, { received: true, duplicate: true })
    assert.deepEqual(hintsIn(bed, 'push'), [])
  })

  test('without any, a push is heard for a preview and for a tag of the list, and for no other', async () => {
    forget(bed)
    bringUp('red', bed)
    bed.store.offer('api', [{ tag: 'blue', digest: null }])
    for (const ask of [push('red'), push('blue', {}, { repository: 'api' }), push('blue'), push('green')])
      assert.equal((await send(ask)).status, 202)
    assert.deepEqual(hintsIn(bed, 'push').sort(), [' red', 'api blue'])
  })
})
