/** The story of who runs Lotan: looks with doctor, with Lotan up and down, and in the end purges all of it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { networkName } from '../shared/slots/slots.ts'
import {
  containersWith,
  docker,
  imagesBelow,
  removeByHand,
  removeImageByHand,
  tagByHand,
} from '../testing/harness/docker.ts'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { rulesWith } from '../testing/harness/reach.ts'
import { publishSmall } from '../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'

const root = path.resolve(import.meta.dirname, '../..')

describe('lotan doctor and lotan purge', { timeout: 240_000 }, () => {
  let registry: Registry
  let lotan: Lotan
  const others = `lotan-others-${process.pid}:red`

  before(async () => {
    registry = await startImageRegistry()
    for (const tag of ['red', 'blue']) await publishSmall(`${registry.repository}:${tag}`, `this is ${tag}`)
    lotan = await startLotan({ repository: registry.repository, env: { TL_DOMAIN: 'previews.lotan.localhost' } })
  })
  after(async () => {
    await lotan?.stop()
    await removeImageByHand(others)
    await registry?.close()
  })

  async function run(...args: string[]) {
    const child = spawn(process.execPath, ['apps/lotan/main.ts', ...args], {
      cwd: root,
      env: lotan.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ended = once(child, 'close')
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
    const [status] = (await ended) as [number | null]
    return { status, out, err }
  }

  async function examine(): Promise<{ status: number | null; at: (check: string) => string[] }> {
    const { status, out, err } = await run('doctor', '--json')
    assert.equal(err, '')
    const found = JSON.parse(out) as { check: string; level: string; says: string; advice?: string }[]
    for (const { level, says, advice } of found) assert.ok(level === 'ok' || advice, `${says}: nothing to do about it`)
    return {
      status,
      at: (check) => found.filter((each) => each.check === check).map(({ level, says }) => `${level}: ${says}`),
    }
  }

  test('doctor finds nothing wrong with a Lotan that works', async () => {
    await Promise.all(['red', 'blue'].map((tag) => lotan.api('GET', `/previews/${tag}/wait?timeout=60`)))
    const { status, at } = await examine()
    assert.match(at('lotan').join(), /^ok: runs \(pid \d+\), all its parts are ready$/)
    assert.match(at('registry').join(), /^ok: .* has 2 tags$/)
    assert.match(at('drift').join(), /^ok: database and engine agree on 2 containers$/)
    for (const check of ['settings', 'engine', 'credentials', 'clock', 'dns', 'certificate', 'port', 'redis'])
      for (const line of at(check)) assert.match(line, /^ok: /, check)
    // How full this machine's disk is, is not the test's business.
    assert.equal(at('disk').length, 2)
    assert.equal(status, at('disk').some((line) => line.startsWith('failure')) ? 1 : 0)
  })

  test('purge is refused while Lotan runs, and needs a yes', async () => {
    const refused = await run('purge', '--yes')
    assert.deepEqual([refused.status, refused.out], [1, ''])
    assert.match(refused.err, /^lotan: Lotan runs \(pid \d+\): stop it first, then purge it\n$/)
    await lotan.end()
    const unasked = await run('purge')
    assert.deepEqual([unasked.status, unasked.out], [2, ''])
    assert.match(unasked.err, /no terminal to ask on: give --yes/)
    assert.equal((await lotan.containers()).length, 2)
  })

  test('doctor works while Lotan is down, and names what database and engine tell differently', async () => {
    await removeByHand(await lotan.containerOf('blue'))
    const { at } = await examine()
    assert.match(at('lotan').join(), /^warning: does not run here$/)
    assert.match(at('port').at(-1)!, /^ok: 127\.0\.0\.1:\d+ is free$/)
    assert.match(at('redis').join(), /^ok: Lotan starts its own$/)
    assert.match(at('drift').join(), /^warning: blue: the database knows containers that are gone$/)
  })

  test('purge removes everything of this instance and nothing of others, also while the database is lost', async () => {
    const { instance, dataDir } = lotan.config
    const ends = async (...args: string[]) => {
      const { status, out, err } = await run('purge', '--yes', '--json', ...args)
      assert.equal(status, 0, err)
      const all = JSON.parse(out) as { kind: string; name: string; end: string }[]
      return all.filter(({ name }) => !name.startsWith('lotan-sandbox:'))
    }
    await tagByHand(`${registry.repository}:red`, others)
    lotan.letGo()
    const database = fs.readdirSync(dataDir).filter((name) => name.startsWith('lotan.sqlite'))
    const aside = fs.mkdtempSync(path.join(dataDir, '../aside-'))
    for (const name of database) fs.renameSync(path.join(dataDir, name), path.join(aside, name))

    // A launcher that was killed leaves it.
    const routes = `/dev/shm/lotan-${instance}`
    fs.mkdirSync(routes, { recursive: true })
    const lost = await ends()
    assert.ok(!fs.existsSync(routes))
    for (const kind of ['container', 'network', 'firewall'])
      assert.ok(
        lost.some((each) => each.kind === kind),
        kind,
      )
    assert.ok(lost.every(({ end }) => end === 'removed'))
    assert.deepEqual(await containersWith(`lotan.instance=${instance}`), [])
    const networks = await docker<{ Name: string }[]>('GET', '/networks')
    assert.ok(!networks.some(({ Name }) => Name === networkName(instance)))
    assert.deepEqual(await rulesWith(instance), [])
    // What `red` was, its container told; what `blue` was, only the database knows.
    assert.deepEqual(await imagesBelow(`${registry.repository}:`), [`${registry.repository}:blue`])
    assert.deepEqual(await imagesBelow(others), [others])

    for (const name of database) fs.renameSync(path.join(aside, name), path.join(dataDir, name))
    // The image of `red` has another user's name by now.
    assert.deepEqual((await ends()).map(({ end }) => end).toSorted(), ['left', 'removed']) // prettier-ignore
    assert.deepEqual(await imagesBelow(`${registry.repository}:`), [])
    assert.ok(fs.existsSync(path.join(dataDir, 'lotan.sqlite')))

    fs.writeFileSync(path.join(dataDir, 'of-another'), 'stays')
    const second = await run('purge', '--yes', '--data')
    assert.equal(second.status, 0, second.err + second.out)
    assert.deepEqual(fs.readdirSync(dataDir), ['of-another'])
    assert.match(second.out, /file +.*data +left +it holds other files: of-another/)

    const third = await run('purge', '--yes', '--json')
    assert.deepEqual([third.status, third.out], [0, '[]\n'])
    assert.match(third.err, /no Lotan has run in .*: nothing to remove/)
  })
})
