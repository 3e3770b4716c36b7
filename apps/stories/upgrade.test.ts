/** A newer Lotan over an older one's data: everything goes on. An older one over a newer one's: it says so, and leaves it. */
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import Database from 'better-sqlite3'
import type { In } from '../shared/preview/preview.ts'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { docker } from '../testing/harness/docker.ts'
import { publishSmall } from '../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'

const read = (...names: string[]) => fs.readFile(path.join(import.meta.dirname, ...names), 'utf8')
const first = await read('first-version.sql')
/** The tables of version 7 with the same rows, and what later versions than the first had noted beside them. */
const seventh = [
  ...(await read('../shared/store/schema/version-7.sql')).split(/^(?=INSERT)/m).slice(0, 1),
  ...first.split(/^(?=INSERT)/m).slice(1),
  "INSERT INTO pulled SELECT image ->> 'id', tag, '{repository}', image ->> 'digest' FROM preview;",
].join('')

for (const [version, template] of [
  ['the first version', first],
  ['version 7', seventh],
] as const)
  // prettier-ignore
  describe(`an upgrade from ${version}`, { timeout: 300_000 }, () => {
  let registry: Registry
  let lotan: Lotan
  /** As the older version left them. */
  let red: In<'running'>
  let startedAt: string

  before(async () => {
    registry = await startImageRegistry()
    for (const tag of ['red', 'asleep']) {
      await publishSmall(`${registry.repository}:${tag}`, `this is ${tag}`)
    }
    lotan = await startLotan({ repository: registry.repository })
    for (const tag of ['red', 'asleep']) assert.equal((await lotan.request(tag)).status, 200)
    await lotan.api('POST', '/previews/asleep/stop')
    await lotan.untilState('asleep', 'stopped', 30_000)
    red = lotan.store.get('red') as In<'running'>
    startedAt = await startOf('red')
    await lotan.end()
    await writeOldDatabase()
    await lotan.again()
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  const file = () => path.join(lotan.config.dataDir, 'lotan.sqlite')

  async function startOf(tag: string): Promise<string> {
    const { State } = await docker<{ State: { StartedAt: string } }>(
      'GET',
      `/containers/${await lotan.containerOf(tag)}/json`,
    )
    return State.StartedAt
  }

  /** Puts a database of the older version in the place of this one's. */
  async function writeOldDatabase(): Promise<void> {
    const asleep = lotan.store.get('asleep') as In<'stopped'>
    const values: Record<string, string | number> = {
      repository: registry.repository,
      subnet: lotan.store.facts.get('subnet')!,
      'red.slot': red.generation.slot,
    }
    for (const { tag, image, generation } of [red, asleep])
      Object.assign(values, {
        [`${tag}.container`]: generation!.container,
        [`${tag}.short`]: generation!.container!.slice(0, 12),
        [`${tag}.image`]: image!.id,
        [`${tag}.digest`]: image!.digest,
      })
    const now = Date.now()
    const sql = template.replace(/\{now-(\d+)\}/g, (_, ms) => String(now - Number(ms))).replace(/\{([\w.]+)\}/g, (_, name: string) => String(values[name])) // prettier-ignore
    assert.doesNotMatch(sql, /undefined|null'/)
    lotan.store.close()
    for (const end of ['', '-wal', '-shm']) await fs.rm(file() + end, { force: true })
    const db = new Database(file())
    db.exec(sql)
    // Hosts of some tags were written otherwise then.
    db.exec(`UPDATE preview SET label = 'as-it-was'`)
    db.close()
  }

  function look<T>(use: (db: Database.Database) => T): T {
    const db = new Database(file())
    try {
      return use(db)
    } finally {
      db.close()
    }
  }

  const version = () => look((db) => db.pragma('user_version', { simple: true }) as number)

  test('brings the database to the newest schema, and keeps what it held', async () => {
    assert.ok(version() >= 4)
    const { json } = await lotan.api<{ previews?: unknown }>('GET', '/previews/red')
    const { state, container, digest, slot } = json as { state: string; container: string; digest: string; slot: number }
    const was = red.generation
    assert.deepEqual([state, container, digest, slot], ['running', was.container, was.digest, was.slot])
    const events = look((db) => db.prepare(`SELECT event FROM history WHERE tag = 'red'`).pluck().all())
    assert.deepEqual(events.slice(0, 3), ['start', 'pull', 'pulled'])
    const pulled = look((db) => db.prepare('SELECT tag FROM pulled ORDER BY tag').pluck().all())
    assert.deepEqual(pulled, ['asleep', 'red'])
    const labels = look((db) => db.prepare('SELECT label FROM preview ORDER BY tag').pluck().all())
    assert.deepEqual(labels, ['asleep', 'red'])
  })

  test('leaves a preview running that ran, in the container it had', async () => {
    const { status, text } = await lotan.request('red')
    assert.deepEqual([status, /this is red/.test(text)], [200, true])
    assert.equal(await startOf('red'), startedAt)
  })

  test('wakes one that slept, from the container and the image it had', async () => {
    assert.equal((await lotan.request('asleep')).status, 200)
    const { json } = await lotan.api<{ generation: number }>('GET', '/previews/asleep')
    assert.equal(json.generation, 1)
  })

  // From here on the version that it was makes no difference.
  if (template !== first) return

  test('and goes on to stop and remove what the older version started', async () => {
    await lotan.api('DELETE', '/previews/red')
    await until('its container is gone', async () => (await lotan.containers()).length === 1, { within: 60_000 })
  })

  test('backwards is refused in words, and the database stays as it is', async () => {
    await lotan.end()
    const newest = version()
    look((db) => db.pragma('user_version = 99'))
    const { code, output } = await lotan.second()
    assert.notEqual(code, 0)
    assert.match(
      output,
      /the database has schema 99, this Lotan knows \d+: run the newer Lotan again, or restore a back-up/,
    )
    assert.doesNotMatch(output, /\n\s+at /)
    assert.equal(version(), 99)
    look((db) => db.pragma(`user_version = ${newest}`))
    await lotan.again()
    assert.equal((await lotan.request('asleep')).status, 200)
  })
})
