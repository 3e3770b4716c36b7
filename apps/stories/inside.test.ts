/** Sessions inside previews, beside all that Lotan does with these: they keep one up by bytes alone, and leave nothing behind. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { goInside } from '../testing/clients/inside.ts'
import { containersWith, docker } from '../testing/harness/docker.ts'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { until } from '../testing/harness/until.ts'
import { publishSmall } from '../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'

const STOP_MINUTES = 0.14
const labels = { 'lotan.shell': '/bin/busybox sh', 'lotan.inactivity-stop-minutes': String(STOP_MINUTES) }
const tags = ['loud', 'silent', 'paused', 'swapped', 'killed', 'left', 'lost']

describe('a session inside a preview', { timeout: 120_000 }, () => {
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    for (const tag of tags) await publishSmall(`${registry.repository}:${tag}`, tag, { labels })
    lotan = await startLotan({
      repository: registry.repository,
      env: {
        LOTAN_SHELL: 'on',
        LOTAN_GRACE_SECONDS: '0',
        INACTIVITY_PAUSE_TIMEOUT_MINUTES: '0.1',
      },
    })
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  const sh = (line: string) => ['/bin/busybox', 'sh', '-c', line]
  const cat = ['/bin/busybox', 'cat']
  const last = (tag: string, event: string) => lotan.store.history(tag, 20).find((change) => change.event === event)

  /** As the engine sees them. */
  async function processesOf(tag: string): Promise<string[]> {
    const { Processes } = await docker<{ Processes: string[][] }>(
      'GET',
      `/containers/${await lotan.containerOf(tag)}/top?ps_args=-eo%20pid,args`,
    )
    return Processes.map((columns) => columns.join(' '))
  }
  const runs = (tag: string, what: string) => async () => (await processesOf(tag)).some((line) => line.includes(what))
  const runsNoMore = (tag: string, what: string) => async () => !(await runs(tag, what)())
  const helpers = async () => (await containersWith('lotan.beside')).filter(({ Labels }) => Labels['lotan.instance'] === lotan.config.instance) // prettier-ignore

  /** A session ends with its generation. */
  async function newerTakesOver(): Promise<void> {
    const session = await goInside(lotan, 'swapped', sh('while :; do echo .; /bin/busybox sleep 1; done'))
    const was = await lotan.containerOf('swapped')
    await publishSmall(`${registry.repository}:swapped`, 'newer', { labels })
    await lotan.api('POST', '/previews/swapped/refresh')
    await until('the newer one serves', async () => (await lotan.request('swapped')).text.includes('newer'))
    const next = await goInside(lotan, 'swapped', ['/bin/busybox', 'hostname'])
    assert.deepEqual(await next.ended, { why: 'exited', code: 0 })
    assert.deepEqual(await session.ended, { why: 'stopped' })
    // The engine tells of the older one a moment longer.
    await until('another one runs it', async () => (await lotan.containerOf('swapped').catch(() => was)) !== was)
  }

  test('keeps it up by bytes alone, is told before a stop, wakes what was paused, and ends with its generation', async () => {
    const swapped = newerTakesOver()
    const [loud, silent, paused] = await Promise.all([
      goInside(lotan, 'loud', sh('while :; do echo .; /bin/busybox sleep 1; done')),
      goInside(lotan, 'silent', cat),
      goInside(lotan, 'paused', cat),
    ])
    assert.ok(silent.lines().includes('starting'), silent.lines().join())
    const began = Date.now()
    await lotan.untilState('paused', 'paused')
    await paused.say('go on\n')
    await until('what was said is answered', () => paused.output() === 'go on\n', { within: 10_000 })
    assert.equal(lotan.store.get('paused')?.state, 'running')
    assert.equal(last('paused', 'start')?.who, 'admin')
    await lotan.untilState('silent', 'stopping')
    assert.match(silent.lines().at(-1)!, /^silent is stopped in \d s, unless you press a key\.$/)
    assert.equal(last('silent', 'stop')?.detail, 'idle')
    assert.ok(Date.now() - began > STOP_MINUTES * 60_000 - 1_000)
    assert.equal(lotan.store.get('loud')?.state, 'running')
    assert.ok(!lotan.store.history('loud', 20).some(({ event }) => event === 'pause'))
    for (const one of [loud, paused, silent]) one.leave()
    await until('nothing is left', runsNoMore('loud', 'echo .'))
    await swapped
  })

  test('leaves no process when the shell part is killed, and its visitors notice nothing', async (t) => {
    const session = await goInside(
      lotan,
      'killed',
      sh('/bin/busybox setsid /bin/busybox sleep 4711 & /bin/busybox sleep 4712'),
    )
    await until('it runs', runs('killed', 'sleep 4712'))
    const began = Date.now()
    await lotan.killPart('shell')
    assert.equal(await session.ended, null)
    await until('they have ended', runsNoMore('killed', 'sleep 471'), { within: 15_000 })
    t.diagnostic(`gone after ${Date.now() - began} ms`)
    assert.equal((await lotan.request('killed')).status, 200)
    // What the engine tells of helpers is not told of the preview.
    assert.deepEqual([lotan.store.get('killed')?.state, lotan.store.get('killed')?.crashes], ['running', 0])
    await until('its end is noted', () => last('killed', 'session')?.detail?.endsWith('lotan-ended'))
    assert.deepEqual(lotan.store.shellSessions.left(), [])
  })

  test('leaves no process where its row is lost with the database', async () => {
    await lotan.ready()
    const session = await goInside(lotan, 'lost', ['/bin/busybox', 'sleep', '4713'])
    await until('it runs', runs('lost', 'sleep 4713'))
    for (const { id } of lotan.store.shellSessions.list()) lotan.store.shellSessions.close(id)
    await lotan.killPart('shell')
    await session.ended
    await until('it has ended', runsNoMore('lost', 'sleep 4713'), { within: 15_000 })
  })

  test('leaves neither a process nor a helper when Lotan is stopped', async () => {
    await lotan.ready()
    const session = await goInside(lotan, 'left', sh('trap "" TERM HUP; while :; do /bin/busybox sleep 4714; done'))
    await until('it runs', runs('left', 'sleep 4714'))
    await lotan.end()
    await session.ended
    await until('it has ended', runsNoMore('left', 'sleep 4714'), { within: 10_000 })
    await lotan.again()
    await until('no helper is left', async () => (await helpers()).length === 0)
  })
})
