/** The story: a job has pushed an image, and waits on the command line until its preview answers. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { askUntilRunning } from '../lotan/cli/wait/ask.ts'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { openGate, type Gate } from '../testing/registries/throttle.ts'
import { publishSmall, publishBroken } from '../testing/images/publish.ts'
import { freePort } from '../testing/harness/ports.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { surroundings } from '../testing/harness/surroundings.ts'
import { until } from '../testing/harness/until.ts'

const root = path.resolve(import.meta.dirname, '../..')
const main = ['apps/lotan/main.ts']

describe('lotan wait', { timeout: 300_000 }, () => {
  let registry: Registry
  let gate: Gate
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    gate = await openGate(registry.port)
    const of = (tag: string) => `${registry.repository}:${tag}`
    await publishSmall(of('slow'), 'this is slow', { ballast: 3_000 })
    for (const tag of ['log', 'cold']) await publishSmall(of(tag), `this is ${tag}`)
    await publishBroken(of('broken'))
    lotan = await startLotan({
      repository: `127.0.0.1:${gate.port}/todowrangler`,
      env: { TAG_FILTER: '^[^x]' },
    })
  })
  let over = () => {}
  afterEach(() => {
    over()
    gate.widen()
  })
  after(async () => {
    await lotan?.stop()
    await gate?.close()
    await registry?.close()
  })

  /** Starts the command beside the data directory, as in the terminal next to `npm start`. */
  function start(args: string[], env: Record<string, string> = {}, program = process.execPath) {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...surroundings, LOTAN_DATA_DIR: lotan.env.LOTAN_DATA_DIR!, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said = { out: '', err: '' }
    child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()))
    const ended = once(child, 'close').then(([code]) => ({ status: code as number | null, ...said }))
    return { child, said, ended }
  }
  const wait = (args: string[], env?: Record<string, string>) => start([...main, 'wait', ...args], env).ended
  const lines = (text: string) => text.trimEnd().split('\n')

  test('on a terminal shows one line that is redrawn in place, and whose percent only grows', async () => {
    over = drip()
    const command = `stty cols 100; '${process.execPath}' ${main[0]} wait slow`
    const { ended } = start(['-qec', command, '/dev/null'], { TERM: 'xterm' }, 'script')
    const { status, out } = await ended
    assert.equal(status, 0, out)
    const frames = out.split('\n')[0]!.split('\r').filter(Boolean)
    assert.ok(frames.length > 3)
    for (const frame of frames) assert.ok(frame.replaceAll('\u001b[K', '').length < 100, frame)
    // How large the image is, is known a moment after its first layers are.
    const whole = /^slow {2}.*\[=* *\] .*\d+ % .* of \d\.\d MB .*\d+ s/
    assert.ok(
      frames.some((frame) => whole.test(frame)),
      out,
    )
    const percents = [...out.matchAll(/(\d+) %/g)].map((match) => Number(match[1]))
    assert.ok(new Set(percents).size >= 3, percents.join())
    for (const [i, percent] of percents.entries()) assert.ok(percent >= (percents[i - 1] ?? 0), percents.join())
    const [, , url, rest] = out.split(/\r?\n/)
    // What was drawn is wiped out before the last words.
    assert.match(out.split('\n')[0]!, /\r\u001b\[Klotan: .*slow answers, after \d+\.\d s/)
    assert.equal(out.split(/\r?\n/)[1], lotan.url('slow').slice(0, -1))
    assert.deepEqual([url, rest], ['', undefined])
    assert.match((await lotan.request('slow')).text, /this is slow/)
  })

  test('in a log says each stage once, and nothing but the address goes to standard output', async () => {
    gate.narrow(0)
    const { said, ended } = start([...main, 'wait', 'log', '--timeout', '30'])
    await until('it says that it pulls', () => said.err.includes('pulling'))
    gate.widen()
    const { status, out, err } = await ended
    assert.equal(status, 0, err)
    assert.equal(out, `${lotan.url('log').slice(0, -1)}\n`)
    const stages = lines(err).map((line) => /^lotan: log:? (\w+)/.exec(line)?.[1])
    assert.equal(stages.at(-1), 'answers')
    assert.ok(stages.includes('pulling'), err)
    assert.equal(new Set(stages).size, stages.length, err)
    assert.doesNotMatch(err, /[\r\u001b]/)
  })

  test('TERM=dumb gets lines even on a terminal, and what runs already is told of at once', async () => {
    const command = `'${process.execPath}' ${main[0]} wait slow`
    const { status, out } = await start(['-qec', command, '/dev/null'], { TERM: 'dumb' }, 'script').ended
    assert.equal(status, 0)
    assert.doesNotMatch(out, /\u001b|\r[^\n]/)
    assert.equal(lines(out.replaceAll('\r', '')).at(-1), lotan.url('slow').slice(0, -1))
  })

  test('--json prints the preview, and the shell file runs the same command', async () => {
    const PATH = `${path.dirname(process.execPath)}:${surroundings.PATH}`
    const { status, out } = await start(['wait', 'slow', '--json'], { PATH }, 'apps/lotan/lotan.sh').ended
    assert.equal(status, 0)
    const { lastSeen, ...shown } = JSON.parse(out)
    assert.ok(Date.parse(lastSeen) > 0)
    const { lastSeen: later, ...known } = (await lotan.api('GET', '/previews/slow')).json
    // What it takes is measured after it runs.
    delete known.memory
    assert.deepEqual(shown, known)
    assert.ok(later)
  })

  test('an image that cannot start ends with 6, the reason and what to do', async () => {
    const { status, out, err } = await wait(['broken'])
    assert.deepEqual([status, out], [6, ''])
    const [why, advice, where, ...more] = lines(err).slice(-3)
    assert.equal(why, 'lotan: broken failed: The image has no program that this server can run.')
    assert.match(advice!, /check its CMD/)
    assert.equal(where, `lotan: the rest is on http://${lotan.domain}:${lotan.port}/previews/broken`)
    assert.deepEqual(more, [])
  })

  test('a tag that is pushed while it waits is there in the end; one that is not ends with 7', async () => {
    const pushed = start([...main, 'wait', 'pushed', '--timeout', '30'])
    const never = wait(['never', '--timeout', '1.5'])
    await until('it says that it is missing', () => pushed.said.err.includes('does not have it yet'))
    await publishSmall(`${registry.repository}:pushed`, 'this is pushed')

    const { status, out, err } = await never
    assert.deepEqual([status, out], [7, ''])
    assert.match(err, /never does not answer yet, after 1\.5 s: the registry does not have it yet/)
    assert.match(err, /push it first/)

    const there = await pushed.ended
    assert.equal(there.status, 0, there.err)
    assert.equal(there.out, `${lotan.url('pushed').slice(0, -1)}\n`)
    assert.equal(there.err.match(/does not have it yet/g)?.length, 1, there.err)
  })

  test('who stops it ends the waiting with 8, and Ctrl-C with 130 while the preview goes on', async () => {
    gate.narrow(0)
    const [one, other] = [start([...main, 'wait', 'held']), start([...main, 'wait', 'held'])]
    await until('both see it pulled', () => [one, other].every(({ said }) => said.err.includes('pulling')))
    one.child.kill('SIGINT')
    assert.equal((await one.ended).status, 130)
    assert.equal(lotan.store.get('held')?.state, 'pulling')

    await lotan.api('DELETE', '/previews/held')
    const { status, out, err } = await other.ended
    gate.widen()
    assert.deepEqual([status, out], [8, ''])
    assert.match(err, /held was .* by somebody else/)
  })

  test('what is wrong with the way to Lotan is told apart, each with its own status', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`
    const api = `http://${lotan.domain}:${lotan.port}`
    const token = 'not-the-token-of-this-lotan'
    const nowhere = path.join(lotan.env.LOTAN_DATA_DIR!, 'nowhere')
    const cases: [status: number, args: string[], env: Record<string, string>, words: RegExp][] = [
      [0, ['log'], { LOTAN_API: `${api}/api/v1`, LOTAN_ADMIN_TOKEN: lotan.token, LOTAN_DATA_DIR: nowhere }, /answers/],
      [2, [], {}, /missing required argument 'TAG'; see lotan wait --help/],
      [2, ['.tag'], {}, /'.tag' is no valid image tag/],
      [2, ['log', '--timeout', 'soon'], {}, /--timeout is a number of seconds/],
      [2, ['log'], { LOTAN_API: 'previews' }, /LOTAN_API is 'previews': write the address/],
      [3, ['log'], { LOTAN_API: nobody, LOTAN_ADMIN_TOKEN: token }, /nothing listens there\nlotan: start it with npm/],
      [3, ['log'], { LOTAN_API: `http://127.0.0.1:${lotan.port}`, LOTAN_ADMIN_TOKEN: token }, /answers 404, which/],
      [4, ['log'], { LOTAN_API: api }, /set LOTAN_ADMIN_TOKEN too/],
      [4, ['log'], { LOTAN_DATA_DIR: nowhere }, /nowhere holds no admin token/],
      [4, ['log'], { LOTAN_ADMIN_TOKEN: token }, /does not accept this admin token\nlotan: set LOTAN_ADMIN_TOKEN/],
      [5, ['xerxes'], {}, /TAG_FILTER does not offer xerxes/],
    ]
    const ended = await Promise.all(cases.map(([, args, env]) => wait(args, env)))
    for (const [i, [status, args, , words]] of cases.entries()) {
      assert.equal(ended[i]!.status, status, `${args.join(' ')}: ${ended[i]!.err}`)
      assert.match(ended[i]!.err, words)
      assert.ok(!ended[i]!.err.includes(token), 'a token is never shown')
    }
  })

  test('it waits for longer than one request may last', async () => {
    const api = { base: lotan.admin, connect: null, token: lotan.token }
    const began = performance.now()
    const ended = await askUntilRunning('nothing', api, 1_000, 300)
    assert.equal(ended.end, 'late')
    assert.equal(ended.end === 'late' && ended.trouble, undefined)
    const took = performance.now() - began
    assert.ok(took >= 950, `${took} ms`)
  })

  test('it goes on when Lotan is restarted meanwhile', async () => {
    gate.narrow(0)
    const { said, ended } = start([...main, 'wait', 'cold', '--timeout', '40'])
    await until('it waits', () => said.err.includes('queued') || said.err.includes('pulling'))
    await lotan.killPart('router')
    gate.widen()
    const { status, out, err } = await ended
    assert.equal(status, 0, err)
    assert.equal(out, `${lotan.url('cold').slice(0, -1)}\n`)
  })

  test('a newer image that was asked for is what it ends with, though the job that looks for it was lost', async () => {
    const first = await lotan.api('GET', '/previews/log/wait?timeout=30')
    assert.equal(first.status, 200)
    const reference = `localhost:${registry.port}/todowrangler:log`
    await publishSmall(reference, 'this is log, pushed again')
    lotan.store.apply('log', { type: 'refresh' })
    const { status, out, err } = await wait(['log', '--timeout', '60', '--json'])
    assert.equal(status, 0, err)
    assert.notEqual(JSON.parse(out).digest, first.json.digest)
    assert.match((await lotan.request('log')).text, /pushed again/)
  })

  /** Lets pulls through slowly: what is looked at takes more than 1 s. @returns what ends it */
  function drip(): () => void {
    const timer = setInterval(() => {
      gate.widen()
      gate.narrow(300_000)
    }, 100)
    gate.narrow(0)
    return () => {
      clearInterval(timer)
      gate.widen()
    }
  }
})
