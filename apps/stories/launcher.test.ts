/** `npm start`, from its first line to its last. */
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import Database from 'better-sqlite3'
import { startLotan, type Lotan, type PartName } from '../testing/harness/lotan.ts'
import { buildSmall } from '../testing/images/build.ts'
import { engine } from '../testing/images/kept-bases.ts'
import { isAlive } from '../testing/harness/processes.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'

const parts: PartName[] = ['router', 'queue-processor', 'reaper', 'nginx', 'redis']

describe('the launcher', { timeout: 300_000 }, () => {
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    for (const tag of ['stays', 'both']) await buildSmall(`${registry.repository}:${tag}`, `this is ${tag}`)
    lotan = await startLotan({ repository: registry.repository })
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  test('says where to click, where to log in and where to look', async () => {
    const said = await until('it has said all', () => /stop:/.test(lotan.said()) && lotan.said())
    assert.match(said, new RegExp(`http://TAG\\.${lotan.domain}:${lotan.port}/`))
    assert.match(said, new RegExp(`http://${lotan.domain}:${lotan.port}/login\\?token=${lotan.token}`))
    assert.match(said, /logs/)
  })

  test('says that one is running when it is started twice', async () => {
    const { code, output } = await lotan.second()
    assert.notEqual(code, 0)
    assert.match(output, /already running/)
    await lotan.ready()
  })

  test('names every setting that is wrong', async () => {
    const wrong = { LOTAN_SLOTS: 'many', TL_DOMAIN: 'no domain', INACTIVITY_STOP_TIMEOUT_MINUTES: '-1' }
    const { code, output } = await lotan.second(wrong)
    assert.notEqual(code, 0)
    for (const name of Object.keys(wrong)) assert.match(output, new RegExp(name))
  })

  test('starts a part that was killed again, at once', async (t) => {
    const master = lotan.part('nginx')!
    const began = performance.now()
    process.kill(master, 'SIGKILL')
    // Its workers, which listen on for a moment, serve nobody any more.
    await until('another nginx runs', () => (lotan.part('nginx') ?? master) !== master, { every: 5 })
    await until('it answers', () => lotan.ask({ host: lotan.domain, path: '/healthz' }).catch(() => undefined), {
      every: 5,
    })
    const took = performance.now() - began
    t.diagnostic(`nginx was away for ${Math.round(took)} ms`)
    for (const part of parts.filter((part) => part !== 'nginx')) await lotan.killPart(part)
    await lotan.ready()
    for (const part of parts)
      assert.match(lotan.said(), new RegExp(`${part} ended .SIGKILL., starting it again at once`))
  })

  test('starts nginx anew when what it remembers routes in was removed', async () => {
    assert.match((await lotan.click('stays')).text, /this is stays/)
    await fs.rm(`/dev/shm/lotan-${lotan.config.instance}`, { recursive: true })
    await until('it answers again', async () => (await lotan.request('stays').catch(() => undefined))?.status === 200)
    assert.match(lotan.said(), /nginx remembers routes was removed/)
  })

  test('stops everything, and leaves previews running, which the next start takes over', async (t) => {
    assert.match((await lotan.click('stays')).text, /this is stays/)
    const container = await lotan.containerOf('stays')
    const took = await lotan.end('SIGTERM')
    t.diagnostic(`stopped in ${Math.round(took)} ms`)
    assert.match(lotan.said(), /1 preview was left running/)
    assert.deepEqual(lotan.left(), [])
    assert.equal((await engine.inspect(container))?.running, true)

    await lotan.again()
    const { status, text } = await lotan.request('stays')
    assert.equal(status, 200)
    assert.match(text, /this is stays/)
    assert.equal(await lotan.containerOf('stays'), container)
  })

  test('killed with -9 leaves no orphans, and the next start takes over', async () => {
    const container = await lotan.containerOf('stays')
    const pids = parts.map((part) => lotan.part(part)!)
    assert.ok(pids.every((pid) => pid > 0))
    await lotan.end('SIGKILL')
    await until('all parts have ended', () => pids.every((pid) => !isAlive(pid)), { within: 60_000 })

    await lotan.again()
    for (const part of parts) {
      const mine = lotan.left().filter(({ command }) => command.includes(part === 'nginx' ? 'nginx: master' : part))
      assert.equal(mine.length, 1, `${part} runs ${mine.length} times`)
    }
    assert.equal((await lotan.request('stays')).status, 200)
    assert.equal(await lotan.containerOf('stays'), container)
  })

  test('runs beside another one on the same engine, each with its own containers', async () => {
    const other = await startLotan({ repository: registry.repository, env: { TL_DOMAIN: 'other.localhost' } })
    try {
      assert.match((await lotan.click('both')).text, /this is both/)
      assert.match((await other.click('both')).text, /this is both/)
      const [mine, theirs] = [await lotan.containerOf('both'), await other.containerOf('both')]
      assert.notEqual(mine, theirs)

      await other.api('DELETE', '/previews/both')
      await until('the other one has none', async () => (await other.containers()).length === 0, { within: 60_000 })
      assert.equal((await lotan.request('both')).status, 200)
      assert.equal(await lotan.containerOf('both'), mine)
    } finally {
      await other.stop({ keepImages: true })
    }
    assert.equal((await lotan.request('both')).status, 200)
  })
})

describe('the launcher without REPOSITORY', { timeout: 300_000 }, () => {
  let lotan: Lotan
  let dir: string

  before(async () => {
    // As an earlier version may have left them, and whoever made the directory.
    dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-open-'))
    const umask = process.umask(0)
    await fs.chmod(dir, 0o777)
    await fs.mkdir(path.join(dir, 'logs'))
    for (const name of ['logs/nginx-access.log', 'logs/router.log', 'lock', 'other'])
      await fs.writeFile(path.join(dir, name), '', { mode: 0o644 })
    const db = new Database(path.join(dir, 'lotan.sqlite'))
    db.exec('CREATE TABLE earlier (a)')
    db.close()
    const starting = startLotan({ env: { LOTAN_DATA_DIR: dir } })
    process.umask(umask)
    lotan = await starting
  })
  after(async () => {
    await lotan?.stop()
    await fs.rm(dir, { recursive: true, force: true })
  })

  test('is the demo: it builds, pushes, and pulls on the first click', async () => {
    const said = lotan.said()
    for (const tag of ['red', 'green', 'blue', 'purple', 'pr-3001', 'pr-3002', 'with-db', 'bad'])
      assert.match(said, new RegExp(`http://${tag}\\.${lotan.domain}:${lotan.port}/`))
    const page = await lotan.click('red')
    assert.equal(page.status, 200)
    assert.match(page.text, /todowrangler · red/)
    assert.ok(lotan.store.history('red').some(({ event }) => event === 'pulled'))
  })

  test('keeps all that it writes to itself, whoever may enter its directory and however it was started', async () => {
    const open = new Set<string>()
    const seen: string[] = []
    for (const top of new Set([dir, lotan.config.runDir, `/dev/shm/lotan-${lotan.config.instance}`]))
      for (const name of await fs.readdir(top, { recursive: true })) {
        const found = await fs.lstat(path.join(top, name)).catch(() => undefined)
        seen.push(name)
        const shown = path.relative(dir, path.join(top, name))
        if (found && found.mode & 0o077) open.add(`${shown} ${(found.mode & 0o777).toString(8)}`)
      }
    // Of another user, who may have a reason; and what nginx's workers use, who are another user too where this is root's:
    // they may enter two directories, and connect to sockets there.
    const entered = process.getuid?.() === 0 ? ['run 710', 'run/nginx 710'] : []
    const sockets = ['run/desk.sock 222', 'run/router.sock 222', 'run/nginx/relay.sock 666']
    assert.deepEqual([...open].sort(), ['other 644', ...entered, ...sockets].sort())
    const made = [
      'lotan.sqlite-wal',
      'logs/nginx-access.log',
      'redis',
      'registry/docker',
      'run/router.sock',
      'run/redis.sock',
    ]
    for (const name of [...made, 'lotan.sqlite', 'instance', 'admin-token', 'lock-nginx'])
      assert.ok(seen.includes(name), `${name} is there`)
    assert.equal((await fs.stat(dir)).mode & 0o777, 0o777, 'the directory is left as it was')
  })

  test('has a tag whose list is in a database beside it, and is there after a sleep', async () => {
    const path = '/cgi-bin/items'
    const list = JSON.stringify([{ id: 5, text: 'milk, ü " \\ %s $x', done: false }])
    assert.match((await lotan.click('with-db')).text, /todowrangler · with-db/)
    assert.equal((await lotan.request('with-db', { path })).text, 'null\n')
    assert.equal((await lotan.request('with-db', { path, method: 'POST', body: list })).status, 200)
    await lotan.api('POST', '/previews/with-db/stop')
    await lotan.untilState('with-db', 'stopped')
    await lotan.click('with-db')
    assert.equal((await lotan.request('with-db', { path })).text, `${list}\n`)
  })

  test('has a tag that fails, and says why', async () => {
    const page = await lotan.click('bad')
    assert.equal(page.status, 502)
    assert.match(page.text.replace(/<[^>]*>/g, ''), /bad did not start/)
    assert.match(JSON.stringify((await lotan.api('GET', '/previews/bad')).json), /cannot open database/)
  })

  test('does not build again what it has', async () => {
    await lotan.end()
    await lotan.again()
    assert.doesNotMatch(lotan.said(), /sample image/)
  })
})
