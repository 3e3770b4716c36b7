/** Applications with their databases: one click wakes both, and what was written stays. All of it is real. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { docker, kill } from '../testing/harness/docker.ts'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { until } from '../testing/harness/until.ts'
import { publishItems, publishPostgres, publishRedis } from '../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'

const within = { within: 60_000 }

describe('an application with its database', { timeout: 240_000 }, () => {
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    lotan = await startLotan({
      repository: registry.repository,
      env: { LOTAN_GRACE_SECONDS: '1', LOTAN_START_TIMEOUT_SECONDS: '60', IMAGE_REFRESH_INTERVAL_MINUTES: '0.03' },
    })
    await publishRedis(`${registry.repository}-redis:7`)
    await publishPostgres(`${registry.repository}-postgres:15`)
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  const redisStack = (more = '') => `services:
  app:
    environment: { ITEMS_REDIS: db, REDIS_PASSWORD: '\${LOTAN_SECRET_DB}' }
    depends_on: { db: { condition: service_healthy } }
  db:
    image: ${registry.repository}-redis:7
    environment: { REDIS_PASSWORD: '\${LOTAN_SECRET_DB}' }
    healthcheck: { test: [CMD-SHELL, 'redis-cli --no-auth-warning -a "$$REDIS_PASSWORD" ping | { read a; [ "$$a" = PONG ]; }'] }
    volumes: ['data:/data']
${more}
volumes: { data: {} }
`
  const postgresStack = () => `services:
  web:
    environment: { ITEMS_POSTGRES: db, POSTGRES_PASSWORD: '\${LOTAN_SECRET_DB}' }
    depends_on: { db: { condition: service_healthy } }
  db:
    image: ${registry.repository}-postgres:15
    environment: { POSTGRES_PASSWORD: '\${LOTAN_SECRET_DB}' }
    healthcheck: { test: [CMD, pg_isready, -h, 127.0.0.1, -U, postgres] }
    volumes: ['data:/var/lib/postgresql/data']
    stop_signal: SIGINT
    stop_grace_period: 60s
volumes: { data: {} }
`
  const push = (tag: string, stack: string, revision = '1') =>
    publishItems(`${registry.repository}:${tag}`, { labels: { 'lotan.stack': stack, revision } })

  const items = async (tag: string) => (await lotan.click(tag)).text.split('\n').filter(Boolean)
  async function add(tag: string, item: string): Promise<string[]> {
    const { status, text } = await lotan.request(tag, { method: 'POST', path: '/', body: item })
    assert.equal(status, 200, text)
    return text.split('\n').filter(Boolean)
  }
  const statesOf = (tag: string) =>
    Object.fromEntries(lotan.store.services.of(tag).map(({ name, state }) => [name, state]))
  async function sleepAndStay(tag: string): Promise<void> {
    await lotan.api('POST', `/previews/${tag}/stop`)
    await lotan.untilState(tag, 'stopped')
  }

  test('is woken whole by one click, and each preview has a database of its own', async () => {
    await push('one', redisStack())
    await push('two', redisStack(`  cache: { image: ${registry.repository}-redis:7 }`))
    await push('pg', postgresStack())
    assert.deepEqual(await Promise.all(['one', 'two', 'pg'].map(items)), [[], [], []])
    assert.deepEqual(statesOf('one'), { db: 'running' })
    assert.deepEqual(await add('one', 'of one'), ['of one'])
    assert.deepEqual(await add('two', 'of two'), ['of two'])
    assert.deepEqual(await items('one'), ['of one'])
    const { json } = await lotan.api<{ services: { name: string; state: string }[] }>('GET', '/previews/one')
    assert.deepEqual(
      json.services.map(({ name, state }) => ({ name, state })),
      [{ name: 'db', state: 'running' }],
    )
    // No preview's secret is another's.
    const secretIn = async (tag: string) => {
      const { Config } = await docker<{ Config: { Env: string[] } }>(
        'GET',
        `/containers/${await lotan.serviceOf(tag, 'db')}/json`,
      )
      return Config.Env.find((one) => one.startsWith('REDIS_PASSWORD='))
    }
    const [one, two] = [await secretIn('one'), await secretIn('two')]
    assert.match(one ?? '', /^REDIS_PASSWORD=[A-Za-z0-9]{32}$/)
    assert.notEqual(one, two)
    assert.ok(!(await lotan.output()).includes(one!.slice(15)), 'a secret stands in a log')
  })

  test('keeps what was written over sleeps, and over the removal of its container', async () => {
    assert.deepEqual(await add('one', 'b'), ['of one', 'b'])
    assert.deepEqual(await add('pg', 'kept'), ['kept'])
    const postgres = await lotan.serviceOf('pg', 'db')
    await Promise.all(['one', 'pg'].map(sleepAndStay))
    assert.deepEqual(statesOf('one'), { db: 'stopped' })
    // PostgreSQL ended in its own time.
    const { State } = await docker<{ State: { ExitCode: number } }>('GET', `/containers/${postgres}/json`)
    assert.equal(State.ExitCode, 0)
    const { text } = await lotan.api('GET', '/previews/pg/logs?service=db&tail=50')
    assert.match(text, /database system is shut down/)
    assert.deepEqual(await Promise.all(['one', 'pg'].map(items)), [['of one', 'b'], ['kept']])
    // As after INACTIVITY_RMI_TIMEOUT_MINUTES: the disk mark removes container and image.
    await sleepAndStay('one')
    lotan.store.apply('one', { type: 'stop', why: 'disk' })
    await until('it has no container', () => lotan.store.get('one')?.image === null, within)
    assert.deepEqual(
      lotan.store.services.of('one').filter(({ container }) => container !== null),
      [],
    )
    assert.deepEqual(await items('one'), ['of one', 'b'])
  })

  test('is hot swapped beside its database: no request fails, and both see the same data', async () => {
    const was = await lotan.serviceOf('one', 'db')
    const before = lotan.store.get('one')!.generations
    const failures: number[] = []
    let isOver = false
    const visits = Promise.all(
      [1, 2, 3, 4].map(async (one) => {
        for (let n = 0; !isOver; n++) {
          const { status } = await lotan.request('one', n % 5 === 0 ? { method: 'POST', path: '/', body: `${one}-${n}` } : {}) // prettier-ignore
          if (status !== 200) failures.push(status)
          await sleep(20)
        }
      }),
    )
    await push('one', redisStack(), '2')
    await until('the newer one serves', () => {
      const preview = lotan.store.get('one')
      return preview?.state === 'running' && preview.generation.number > before && preview.retiring.length === 0
    }, within) // prettier-ignore
    isOver = true
    await visits
    assert.deepEqual(failures, [])
    assert.equal(await lotan.serviceOf('one', 'db'), was)
    assert.ok((await items('one')).includes('b'))
  })

  test('has its database back when that was killed, and is not restarted for it', async () => {
    const started = async () => (await lotan.request('one')).headers['x-app-started']
    const before = await started()
    await kill(await lotan.serviceOf('one', 'db'))
    await until('it answers again', async () => (await lotan.request('one')).status === 200, within)
    assert.equal(await started(), before)
    assert.ok((await items('one')).includes('of one'))
  })

  test('is stopped and started for a stack that has changed, and its data stay', async () => {
    const db = await lotan.serviceOf('two', 'db')
    assert.deepEqual(statesOf('two'), { db: 'running', cache: 'running' })
    await push('two', redisStack(), '2')
    await until('what its stack has no more is gone', () => !('cache' in statesOf('two')), within)
    assert.deepEqual(await items('two'), ['of two'])
    assert.equal(await lotan.serviceOf('two', 'db'), db)
  })

  test('has snapshots: a reset brings back what they hold', async () => {
    const before = await items('one')
    await lotan.api('POST', '/previews/one/snapshots', { name: 'golden' })
    await until('the snapshot is there', async () => (await lotan.api('GET', '/snapshots/golden')).json.state === 'ready', within) // prettier-ignore
    await add('one', 'after the snapshot')
    await lotan.api('POST', '/previews/one/reset', { from: 'golden' })
    await until('it is reset', async () => (await lotan.api('GET', '/previews/one/reset')).json.state === 'done', within) // prettier-ignore
    assert.deepEqual(await items('one'), before)
    // Its volumes go within half a minute.
    await lotan.api('DELETE', '/snapshots/golden')
  })

  test('can be cloned, and kept as it is: each copy has its own data, and outlives the original', async () => {
    const before = await items('one')
    await lotan.api('POST', '/previews/one/clone', { as: 'anna' })
    await lotan.api('POST', '/previews/one/keep', { as: 'bug-12' })
    for (const copy of ['one~anna', 'one~bug-12'])
      await until(`${copy} is there`, () => lotan.store.get(copy) !== undefined, within)
    assert.deepEqual(await items('one~anna'), before)
    assert.match(lotan.host('one~anna'), /^one--as-anna\./)
    await add('one~anna', 'of the clone')
    await add('one', 'of the original')
    assert.deepEqual(await items('one~anna'), [...before, 'of the clone'])
    assert.deepEqual(await items('one'), [...before, 'of the original'])
    await lotan.api('DELETE', '/previews/one')
    await lotan.untilState('one', 'unknown')
    assert.deepEqual(await items('one~bug-12'), before)
  })

  test('leaves nothing when it is removed', async () => {
    for (const tag of ['two', 'pg', 'one--as-anna', 'one--as-bug-12']) await lotan.api('DELETE', `/previews/${tag}`)
    await until('no preview is left', () => lotan.store.list().length === 0, within)
    const filters = encodeURIComponent(JSON.stringify({ label: [`lotan.instance=${lotan.config.instance}`] }))
    const left = async () => ({
      containers: (await docker<{ Names: string[]; Labels: object }[]>('GET', `/containers/json?all=1&filters=${filters}`)).filter(({ Labels }) => 'lotan.service' in Labels), // prettier-ignore
      volumes: (await docker<{ Volumes: unknown[] | null }>('GET', `/volumes?filters=${filters}`)).Volumes ?? [],
      networks: (await docker<{ Name: string }[]>('GET', `/networks?filters=${filters}`)).filter(({ Name }) => Name.startsWith('lotan-stack')), // prettier-ignore
    })
    await until('all is gone', async () => Object.values(await left()).every((some) => some.length === 0), within)
  })
})
