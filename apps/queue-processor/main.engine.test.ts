/** The queue-processor on a real engine: each way a start succeeds or fails. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import http from 'node:http'
import net from 'node:net'
import { after, before, describe, test } from 'node:test'
import Database from 'better-sqlite3'
import { setTimeout as sleep } from 'node:timers/promises'
import { isLocked } from '../shared/store/store.ts'
import { addressOf } from '../shared/slots/slots.ts'
import { docker, kill, removeByHand, removeImageByHand, removeNetworkByHand } from '../testing/harness/docker.ts'
import { openGate } from '../testing/registries/throttle.ts'
import { publishSmall, publishBroken } from '../testing/images/publish.ts'
import type { Recipe } from '../testing/images/recipe.ts'
import { engine } from '../testing/images/kept-bases.ts'
import { freePort } from '../testing/harness/ports.ts'
import { login, startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'
import { openHarness, type Harness } from './harness.ts'
import type { Notice } from '../shared/preview/notice.ts'

const shell = (script: string): Recipe => ({ cmd: ['sh', '-c', script] })
const serve = 'exec /bin/busybox httpd -f -p 80 -h /www'

const first = `[ $$ = 1 ] || { echo "s6-overlay-suexec: fatal: can only run as pid 1"; exit 100; }; ${serve}`

const images: Record<string, Recipe> = {
  red: {},
  green: {},
  named: {},
  crash: shell('for i in 1 2 3; do echo line $i; done; exit 3'),
  elsewhere: { cmd: ['httpd', '-f', '-p', '3000', '-h', '/www'] },
  itself: { cmd: ['httpd', '-f', '-p', '127.0.0.1:80', '-h', '/www'] },
  closed: { cmd: ['sleep', '1000'] },
  silent: shell('/bin/busybox sleep 1000 | /bin/busybox nc -l -p 80'),
  greedy: { cmd: ['tail', '/dev/zero'], labels: { 'lotan.memory': '16m' } },
  late: shell(`/bin/busybox sleep 1; ${serve.slice(5)}`),
  labelled: {
    labels: { 'lotan.port': '3000', 'lotan.memory': 'lots' },
    cmd: ['httpd', '-f', '-p', '3000', '-h', '/www'],
  },
  broken: {},
  // As s6-overlay's, behind a script that names it, and behind one that does not.
  wrapped: { entrypoint: ['/entry.sh'], cmd: ['/init'], scripts: { '/entry.sh': 'exec "$@"', '/init': first } },
  hidden: { entrypoint: ['/entry.sh'], cmd: [], scripts: { '/entry.sh': 'exec /init', '/init': first } },
  told: {
    entrypoint: ['/entry.sh'],
    cmd: [],
    scripts: { '/entry.sh': `[ $$ = 1 ] || exit 100; ${serve}` },
    labels: { 'lotan.init': 0 },
  },
  hostile: {
    labels: {
      'lotan.memory': '18g',
      'lotan.cpus': '64',
      'lotan.x': 'x'.repeat(30_000),
      'other.x': 'x'.repeat(30_000),
    },
    healthcheck: { Test: ['CMD', '/bin/busybox', 'true'], Interval: 1e6, Timeout: 1e9 },
  },
}

/** What a process's control group says, in the words of version 1 or of version 2. */
function cgroupFile(pid: number, controller: string, [one, two]: [string, string]): string {
  const groups = fs.readFileSync(`/proc/${pid}/cgroup`, 'utf8')
  const own = new RegExp(`^\\d+:(?:\\w+,)*${controller}(?:,\\w+)*:(.*)$`, 'm').exec(groups)?.[1]
  const file = own
    ? `/sys/fs/cgroup/${controller}${own}/${one}`
    : `/sys/fs/cgroup${/^0::(.*)$/m.exec(groups)![1]}/${two}`
  return fs.readFileSync(file, 'utf8').trim()
}

const textOf = (notices: readonly Notice[]) => notices.map((notice) => ('text' in notice ? notice.text : '')).join(' ')

describe('the queue-processor', { timeout: 300_000 }, () => {
  let registry: Registry
  let harness: Harness

  before(async () => {
    registry = await startImageRegistry()
    for (const [tag, recipe] of Object.entries(images)) {
      const reference = `${registry.repository}:${tag}`
      await (tag === 'broken' ? publishBroken(reference) : publishSmall(reference, tag, recipe))
    }
    harness = await openHarness(registry.repository)
    harness.startWorker()
  })
  after(async () => {
    await harness?.close()
    await registry?.close()
  })

  /** What a running preview answers at its slot's address. */
  async function page(tag: string): Promise<string> {
    const preview = harness.store.get(tag)
    assert.ok(preview?.state === 'running', `${tag} is ${preview?.state}`)
    const { slot, port } = preview.generation
    const host = addressOf(harness.store.facts.get('subnet')!, slot)
    return new Promise((resolve, reject) => {
      const request = http.get({ host, port, agent: false }, (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => (text += chunk.toString()))
        response.on('end', () => resolve(text))
      })
      request.on('error', reject)
    })
  }

  async function failure(tag: string) {
    const { reason } = await harness.untilState(tag, 'failed')
    assert.deepEqual(await harness.containers(tag), [], `${tag} has left a container`)
    return reason
  }

  test('a click pulls the image, starts the container and waits for its first answer', async () => {
    await harness.click('red')
    const { generation, image, stages, took } = await harness.untilState('red', 'running')
    assert.match(await page('red'), /<h1>red<\/h1>/)
    assert.equal(image?.pulled, true)
    assert.match(image.digest!, /^sha256:[0-9a-f]{64}$/)
    assert.ok(took.pull! > 0 && took.start! > 0 && stages.waiting! >= stages.starting!)
    const [container, ...others] = await harness.containers('red')
    assert.deepEqual(others, [])
    assert.equal(container?.id, generation.container)
    assert.equal(container.name, `lotan-${harness.config.instance}-red-1`)
    assert.equal(container.port, 80)
    assert.equal(container.pulled, true)
    assert.equal(harness.store.facts.get('poolPort'), 80)
  })

  test('an init is the first process: behind a script that names it, by its label, and once it has said so', async () => {
    for (const tag of ['wrapped', 'told', 'hidden']) await harness.click(tag)
    for (const tag of ['wrapped', 'told', 'hidden']) {
      await harness.untilState(tag, 'running')
      assert.match(await page(tag), new RegExp(`<h1>${tag}</h1>`))
    }
    // Remembered: the second start needs no second try.
    await harness.ask('hidden', { type: 'stop', why: 'asked' })
    await harness.untilState('hidden', 'stopped')
    const made = (await harness.containers('hidden'))[0]?.id
    await harness.click('hidden')
    await harness.untilState('hidden', 'running')
    assert.deepEqual(
      (await harness.containers('hidden')).map(({ id }) => id),
      [made],
    )
  })

  test('an image that asks for more than there is gets what the ceilings allow, and its own health check is not run', async () => {
    await harness.click('hostile')
    const { notices, image, generation } = await harness.untilState('hostile', 'running')
    assert.match(textOf(notices), /lotan\.memory=18g is cut at 2g.*lotan\.cpus=64 is cut at 2/)
    assert.ok(JSON.stringify(image).length < 4_000, 'what an image says of itself fills the row')
    const { State, HostConfig } = await docker<{ State: { Health?: object; Pid: number }; HostConfig: object }>(
      'GET',
      `/containers/${generation.container}/json`,
    )
    assert.equal(State.Health, undefined)
    const gigabytes = 2 * 1024 ** 3
    const { Memory, MemorySwap } = HostConfig as Record<string, number>
    assert.deepEqual([Memory, MemorySwap], [gigabytes, gigabytes])
    // As the kernel has it.
    assert.equal(cgroupFile(State.Pid, 'memory', ['memory.limit_in_bytes', 'memory.max']), String(gigabytes))
    assert.match(cgroupFile(State.Pid, 'cpu', ['cpu.shares', 'cpu.weight']), /^(1024|39|100)$/)
    assert.equal(fs.readFileSync(`/proc/${State.Pid}/oom_score_adj`, 'utf8').trim(), '500')
    assert.match(fs.readFileSync(`/proc/${State.Pid}/limits`, 'utf8'), /Max core file size +0 +0 /)
  })

  test('twenty nudges at once make one container', async () => {
    const preview = harness.store.apply('green', { type: 'start', by: 'visit' })!
    await Promise.all(Array.from({ length: 20 }, (_, i) => harness.nudges.nudge({ ...preview, change: i })))
    await harness.untilState('green', 'running')
    assert.equal((await harness.containers('green')).length, 1)
    const pulls = harness.store.history('green').filter(({ event }) => event === 'pull')
    assert.equal(pulls.length, 1)
  })

  test('a stop waits for its route to be forgotten, and the next start takes the kept container to a new slot', async () => {
    const { generation } = await harness.untilState('red', 'running')
    const began = Date.now()
    await harness.ask('red', { type: 'stop', why: 'asked' })
    const stopped = await harness.untilState('red', 'stopped')
    assert.ok(Date.now() - began >= harness.deps.waits.drain)
    assert.equal(stopped.generation?.container, generation.container)
    assert.equal(stopped.generation.slot, null)
    await harness.click('red')
    const again = await harness.untilState('red', 'running')
    assert.equal(again.generation.container, generation.container)
    assert.notEqual(again.generation.slot, generation.slot)
    assert.match(await page('red'), /<h1>red<\/h1>/)
  })

  test('a click during the drain calls the preview back', async () => {
    const { generation } = await harness.untilState('red', 'running')
    await harness.ask('red', { type: 'stop', why: 'idle' })
    await harness.click('red')
    await sleep(harness.deps.waits.drain + 300)
    const preview = await harness.untilState('red', 'running')
    assert.deepEqual(preview.generation, generation)
    assert.match(await page('red'), /<h1>red<\/h1>/)
  })

  test('an idle stop is called back when use becomes known meanwhile, and no other is', async () => {
    await harness.ask('red', { type: 'stop', why: 'idle' })
    harness.store.touch([['red', Date.now()]])
    await until('it goes on', () => harness.store.history('red', 1)[0]?.event === 'inUse')
    await harness.ask('red', { type: 'stop', why: 'asked' })
    harness.store.touch([['red', Date.now()]])
    await harness.untilState('red', 'stopped')
    await harness.click('red')
    await harness.untilState('red', 'running')
  })

  test('who is still connected gets a grace, silent or not, and no more than that', async () => {
    const { generation } = await harness.untilState('red', 'running')
    const socket = net.connect(80, addressOf(harness.store.facts.get('subnet')!, generation.slot))
    socket.on('error', () => {})
    await until('it is connected', () => socket.readyState === 'open')
    const began = Date.now()
    await harness.ask('red', { type: 'stop', why: 'asked' })
    await harness.untilState('red', 'stopped')
    assert.ok(Date.now() - began >= harness.deps.waits.drain + harness.deps.waits.grace)
    socket.destroy()

    await harness.click('red')
    const { generation: again } = await harness.untilState('red', 'running')
    const brief = net.connect(80, addressOf(harness.store.facts.get('subnet')!, again.slot))
    await until('it is connected', () => brief.readyState === 'open')
    await harness.ask('red', { type: 'stop', why: 'asked' })
    await sleep(harness.deps.waits.drain + 100)
    assert.equal(harness.store.history('red', 1)[0]?.event, 'stop', 'it is not ended while it is in use')
    brief.destroy()
    const left = Date.now()
    await until('it is ended', () =>
      harness.store.history('red').some(({ event, at }) => event === 'ending' && at >= left),
    )
    assert.ok(Date.now() - left < harness.deps.waits.grace, 'the wait ends with the last connection')
    await harness.untilState('red', 'stopped')
    await harness.click('red')
    await harness.untilState('red', 'running')
  })

  test('a kept container that was removed by hand is made anew, its network too', async () => {
    // The engine removes no network that is in use.
    const up = harness.store.list().filter(({ state }) => state === 'running')
    for (const { tag } of up) await harness.ask(tag, { type: 'stop', why: 'asked' })
    for (const { tag } of up) await harness.untilState(tag, 'stopped')
    const { generation } = await harness.untilState('red', 'stopped')
    await removeByHand(generation!.container!)
    await removeNetworkByHand(`lotan-${harness.config.instance}`)
    const subnet = harness.store.facts.get('subnet')
    await harness.click('red')
    await harness.click('green')
    await harness.untilState('red', 'running')
    await harness.untilState('green', 'running')
    assert.match((await page('red')) + (await page('green')), /red.*green/s)
    assert.equal(harness.store.facts.get('subnet'), subnet)
  })

  test('removing takes the container and the image that Lotan pulled', async () => {
    await harness.ask('green', { type: 'remove' })
    await harness.untilState('green', 'unknown')
    assert.deepEqual(await harness.containers('green'), [])
    assert.equal(await engine.findImage(`${registry.repository}:green`), undefined)
  })

  test('an application that ends is tried again, and its last lines are kept', async () => {
    await harness.click('crash')
    const reason = await failure('crash')
    assert.equal(reason.code, 'exited')
    assert.equal(reason.exitCode, 3)
    assert.deepEqual(reason.output, ['line 1', 'line 2', 'line 3'])
    const starts = harness.store.history('crash').filter(({ event }) => event === 'started')
    assert.equal(starts.length, 3)
  })

  test('where an application listens instead is said', async (t) => {
    const { waits } = harness.deps
    harness.deps.waits = { ...waits, elsewhere: { told: 300, certain: 2_000 } }
    t.after(() => (harness.deps.waits = waits))
    for (const tag of ['elsewhere', 'itself', 'closed', 'silent', 'greedy', 'broken']) await harness.click(tag)
    await until('it is said early', () => harness.store.get('elsewhere')?.notices.length === 1)
    const early = harness.store.get('elsewhere')!
    const notice = { code: 'elsewhere', port: 80, listens: ['[::]:3000'] }
    assert.deepEqual([early.state, early.notices], ['starting', [notice]])
    const elsewhere = await failure('elsewhere')
    assert.equal(elsewhere.code, 'wrong-port')
    assert.ok(elsewhere.after! < harness.config.startTimeout, `it has failed after ${elsewhere.after} ms`)
    assert.deepEqual(harness.store.get('elsewhere')!.notices, [])
    assert.deepEqual([elsewhere.port, elsewhere.listens], [80, ['[::]:3000']])
    const itself = await failure('itself')
    assert.equal(itself.code, 'wrong-port')
    assert.deepEqual(itself.listens, ['127.0.0.1:80'])
    assert.equal((await failure('closed')).code, 'port-closed')
    assert.equal((await failure('silent')).code, 'no-answer')
    const greedy = await failure('greedy')
    assert.deepEqual([greedy.code, greedy.limit], ['out-of-memory', '16m'])
    const broken = await failure('broken')
    assert.equal(broken.code, 'bad-image')
    assert.match(broken.detail, /nowhere/)
  })

  test('a label’s port is asked, and a label that cannot be used is a notice', async () => {
    await harness.click('labelled')
    const { generation, notices } = await harness.untilState('labelled', 'running')
    assert.equal(generation.port, 3000)
    assert.match(textOf(notices), /lotan\.memory=lots/)
    assert.equal((await harness.engine.inspect(generation.container))?.memoryLimit, 512 * 1024 ** 2)
  })

  test('a tag that the registry does not have leaves nothing behind', async () => {
    await harness.click('nonesuch')
    await until('the tag is known to be missing', () => harness.store.missing('nonesuch'))
    assert.equal(harness.state('nonesuch'), 'unknown')
  })

  test('a preview removed while it starts never comes back', async () => {
    await harness.click('late')
    const { generation } = await until('late has a container', () => {
      const preview = harness.store.get('late')
      return preview?.state === 'starting' && preview.stages.waiting ? preview : undefined
    })
    await harness.ask('late', { type: 'remove' })
    await harness.untilState('late', 'unknown')
    await sleep(1_200)
    assert.equal(harness.state('late'), 'unknown')
    assert.equal(await harness.engine.inspect(generation!.container!), undefined)
    assert.deepEqual(await harness.containers('late'), [])
  })

  test('a preview that is removed at any moment of its start never comes back', async () => {
    for (const wait of [0, 30, 60, 100, 150, 200, 300]) {
      await harness.click('green')
      await sleep(wait)
      await harness.ask('green', { type: 'remove' })
      await harness.untilState('green', 'unknown')
      assert.deepEqual(await harness.containers('green'), [], `removed after ${wait} ms`)
    }
    await sleep(300)
    assert.equal(harness.state('green'), 'unknown')
    assert.deepEqual(await harness.containers('green'), [])
    assert.equal(await engine.findImage(`${registry.repository}:green`), undefined)
  })

  test('a preview whose container was killed by hand can be stopped, and started again', async () => {
    await harness.click('green')
    const { generation } = await harness.untilState('green', 'running')
    await kill(generation.container)
    await harness.ask('green', { type: 'stop', why: 'asked' })
    await harness.untilState('green', 'stopped')
    await harness.click('green')
    await harness.untilState('green', 'running')
    assert.match(await page('green'), /green/)
  })

  test('a database that another program locks in the middle of a start fails no preview', async (t) => {
    await harness.click('green')
    await harness.untilState('green', 'running')
    await harness.ask('green', { type: 'stop', why: 'asked' })
    await harness.untilState('green', 'stopped')
    const other = new Database(path.join(harness.config.dataDir, 'lotan.sqlite'))
    await harness.click('green')
    await until('it starts', () => harness.store.get('green')?.state === 'starting', { every: 1 })
    other.exec('BEGIN IMMEDIATE')
    const apply = t.mock.method(harness.store, 'apply')
    // A write waits for 5 s, and then gives up.
    await until('the step has met it', () => apply.mock.calls.some(({ error }) => isLocked(error)))
    other.exec('ROLLBACK')
    other.close()
    // As the reaper does.
    await harness.nudges.nudge(harness.store.get('green')!)
    await harness.untilState('green', 'running')
    assert.deepEqual(
      harness.store.history('green').filter(({ event }) => event === 'fail'),
      [],
    )
    assert.match(await page('green'), /green/)
  })

  test('strays go, of tags with a row and without', async () => {
    const { generation } = await harness.untilState('red', 'running')
    const stray = (tag: string, number: number) =>
      harness.engine.create({
        name: `lotan-${harness.config.instance}-${tag}-${number}`,
        Image: harness.store.get('red')!.image!.id,
        Labels: { 'lotan.instance': harness.config.instance, 'lotan.tag': tag, 'lotan.generation': String(number) },
      })
    await stray('red', 99)
    await stray('gone', 1)
    await harness.nudges.sweep('red')
    await harness.nudges.sweep('gone')
    await until('the strays are gone', async () => (await harness.containers('gone')).length === 0)
    await until('only red’s own is left', async () => (await harness.containers('red')).length === 1)
    assert.equal((await harness.containers('red'))[0]!.id, generation.container)
  })

  test('a container that was renamed by hand goes with its preview, and what a person made of it stays', async () => {
    await harness.click('named')
    const { generation } = await harness.untilState('named', 'running')
    const { instance } = harness.config
    const commit = `${registry.repository}:commit-${instance}`
    const [repo, tag] = [registry.repository, `commit-${instance}`]
    await docker('POST', `/commit?container=${generation.container}&repo=${encodeURIComponent(repo)}&tag=${tag}`)
    const { Id: theirs } = await docker<{ Id: string }>('POST', `/containers/create?name=theirs-${instance}`, {
      Image: commit,
    })
    try {
      await docker('POST', `/containers/${generation.container}/rename?name=renamed-${instance}`)
      await harness.ask('named', { type: 'remove' })
      await harness.untilState('named', 'unknown')
      await assert.rejects(docker('GET', `/containers/${generation.container}/json`), /404/)
      await harness.nudges.sweep('named')
      const { Config } = await docker<{ Config: { Labels: object } }>('GET', `/containers/${theirs}/json`)
      assert.equal((Config.Labels as Record<string, string>)['lotan.instance'], instance)
      assert.deepEqual(await harness.containers('named'), [])
    } finally {
      await removeByHand(theirs)
      await removeImageByHand(commit)
    }
  })

  test('a container that has the name already is replaced when it is a stray', async () => {
    const number = (harness.store.get('crash')?.generations ?? 0) + 1
    await harness.engine.create({
      name: `lotan-${harness.config.instance}-crash-${number}`,
      Image: harness.store.get('crash')!.image!.id,
      Labels: { 'lotan.instance': harness.config.instance, 'lotan.tag': 'crash' },
    })
    await harness.ask('crash', { type: 'start', by: 'admin' })
    const reason = await failure('crash')
    assert.equal(reason.code, 'exited')
  })

  test('a registry that is down, and one that wants a login, are told apart', async () => {
    const elsewhere = await openHarness(`127.0.0.1:${await freePort()}/todowrangler`)
    try {
      elsewhere.startWorker()
      await elsewhere.click('red')
      assert.equal((await elsewhere.untilState('red', 'failed')).reason.code, 'registry-down')
    } finally {
      await elsewhere.close()
    }
    const guarded = await startImageRegistry({ login: true })
    const other = await openHarness(guarded.repository)
    try {
      await publishSmall(`${guarded.repository}:red`, 'red', {}, login)
      other.startWorker()
      await other.click('red')
      assert.equal((await other.untilState('red', 'failed')).reason.code, 'credentials')
      // As `docker login` does.
      fs.mkdirSync(other.config.dockerConfig, { recursive: true })
      const auths = { [guarded.repository.split('/')[0]!]: login }
      fs.writeFileSync(path.join(other.config.dockerConfig, 'config.json'), JSON.stringify({ auths }))
      await other.ask('red', { type: 'start', by: 'retry' })
      await other.untilState('red', 'running')
    } finally {
      await other.close()
      await guarded.close()
    }
  })

  test('a pull that stands still is given up, and one that is wanted no more ends at once', async () => {
    for (const tag of ['big', 'stuck']) await publishSmall(`${registry.repository}:${tag}`, tag, { ballast: 2_000 })
    const gate = await openGate(registry.port)
    const other = await openHarness(`127.0.0.1:${gate.port}/todowrangler`, {}, { stall: 3_000 })
    const underWay = (tag: string) =>
      until('the pull is on its way', () => {
        const preview = other.store.get(tag)
        return preview?.state === 'pulling' && preview.progress?.bytes ? preview.progress : undefined
      })
    try {
      gate.narrow(500_000)
      other.startWorker()
      await other.click('big')
      const progress = await underWay('big')
      assert.ok(progress.percent < 75 && progress.total > progress.bytes, JSON.stringify(progress))
      await other.ask('big', { type: 'remove' })
      await other.untilState('big', 'unknown')
      gate.widen()
      await sleep(300)
      assert.equal(await engine.findImage(`${other.config.repositories[0]!.reference}:big`), undefined)

      // Another image: the engine may have what came of the first one in the moment before it ended.
      gate.narrow(500_000)
      await other.click('stuck')
      await underWay('stuck')
      assert.equal((await other.untilState('stuck', 'failed')).reason.code, 'stalled')
    } finally {
      await gate.close()
      await other.close()
    }
  })

  test('when all places are taken, the longest idle preview makes way', async () => {
    const other = await openHarness(registry.repository, { LOTAN_MAX_RUNNING: '1' })
    try {
      other.startWorker()
      await other.click('red')
      const red = await other.untilState('red', 'running')
      await other.click('green')
      await sleep(300)
      assert.equal(other.state('green'), 'queued', 'red was used a moment ago')
      await other.ask('red', { type: 'stop', why: 'asked' })
      await other.untilState('green', 'running')
      assert.equal(other.state('red'), 'stopped')

      await other.ask('green', { type: 'remove' })
      await other.untilState('green', 'unknown')
      const generation = { ...red.generation, slot: 50 }
      other.store.apply('idle', { type: 'adopt', frozen: false, generation, image: red.image! }, Date.now() - 120_000)
      await other.click('green')
      await other.untilState('green', 'running')
      assert.equal((await other.untilState('idle', 'stopped')).why, 'room')
    } finally {
      await other.close()
    }
  })
})
