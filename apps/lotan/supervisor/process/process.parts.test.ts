import assert from 'node:assert/strict'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { environmentFor } from '../../../shared/config/config.ts'
import { freePort } from '../../../testing/harness/ports.ts'
import { isAlive } from '../../../testing/harness/processes.ts'
import { until } from '../../../testing/harness/until.ts'
import { superviseProcess, type End } from './process.ts'
import { crashesAfter, isLongest, restartDelay } from './restart-delay.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-part-'))
after(() => fs.rmSync(dir, { recursive: true }))

const surrounding = { env: environmentFor({ dataDir: dir }), cwd: dir, input: '/dev/null' }

/** Runs a shell script as a part. */
function part(name: string, script: string | ((last: End | undefined) => string)) {
  const said: string[] = []
  const log = path.join(dir, `${name}.log`)
  const command = (last: End | undefined) => ['sh', '-c', typeof script === 'string' ? script : script(last)]
  const running = superviseProcess({ ...surrounding, name, command, output: { file: log } }, (text) => said.push(text))
  return { ...running, said, words: () => fs.readFileSync(log, 'utf8') }
}

test('a part that ends is started again, and its end is said', async () => {
  const { pid, said, words, stop } = part('ends', (last) => (last ? 'echo again; exec sleep 60' : 'echo first; exit 3'))
  await until('it runs again', () => words() === 'first\nagain\n' && pid())
  assert.equal(said.length, 1)
  assert.match(said[0]!, /^ends ended \(status 3\), starting it again at once; see .*ends\.log$/)
  await stop(1_000)
})

test('a part that was killed takes its children along before it is started again', async () => {
  const { pid, said, words, stop } = part('family', 'sleep 60 & echo $!; exec sleep 60')
  const child = await until('it has a child', () => Number(words()))
  process.kill(pid()!, 'SIGKILL')
  await until('the child ended', () => !isAlive(child))
  await until('a second child is there', () => words().trim().split('\n').length === 2)
  assert.match(said[0]!, /SIGKILL/)
  await stop(1_000)
})

test('a part that does not heed SIGTERM is ended by force', async () => {
  const { pid, words, stop } = part('deaf', 'trap "" TERM; echo up; while :; do sleep 0.05; done')
  const id = await until('it is deaf', () => words() && pid())
  await stop(200)
  assert.equal(isAlive(id), false)
})

test('a part that waits for its next start can be stopped', async () => {
  const { said, stop } = part('short', 'exit 1')
  await until('it ended three times', () => said.length === 3)
  await stop(1_000)
  assert.equal(said.length, 3)
})

test('a command that cannot be had, or run, is tried again', async () => {
  let tries = 0
  const said: string[] = []
  const log = path.join(dir, 'odd.log')
  const plan = { ...surrounding, name: 'odd', output: { file: log } }
  const command = async () => {
    tries++
    if (tries === 1) throw new Error('no subnet yet')
    return tries === 2 ? ['no-such-program'] : ['sleep', '60']
  }
  const { pid, stop } = superviseProcess({ ...plan, command }, (text) => said.push(text))
  await until('it runs', () => tries === 3 && pid())
  assert.equal(said.length, 2)
  assert.match(fs.readFileSync(log, 'utf8'), /no subnet yet[^]*no-such-program/)
  await stop(1_000)
})

test('where there are no files its lines are handed on, and its last words come before its end is told', async () => {
  const heard: string[] = []
  const script = 'echo out; echo err >&2; sleep 60 & printf "last words"; exit 3'
  const command = (last: End | undefined) => (last ? ['no-such-program'] : ['sh', '-c', script])
  const plan = { ...surrounding, name: 'aloud', command, output: { line: (text: string) => void heard.push(text) } }
  const { stop } = superviseProcess(plan, (text) => heard.push(text))
  await until('it ended twice', () => heard.filter((text) => /ended/.test(text)).length === 2)
  await stop(1_000)
  assert.deepEqual(heard.slice(0, 3).sort(), ['err', 'last words', 'out'])
  assert.match(heard[3]!, /^aloud ended \(status 3\), starting it again at once; its output stands above$/)
  assert.match(heard.slice(4).join(), /no-such-program[^]*aloud ended/)
})

test('a restart that was asked for is no crash', async () => {
  const { pid, said, restart, stop } = part('asked', 'exec sleep 60')
  const first = await until('it runs', pid)
  restart()
  await until('another runs', () => pid() && pid() !== first)
  assert.deepEqual(said, [])
  await stop(1_000)
})

test('the first end is followed by a start at once, and only what ends soon after its start waits, up to 10 s', () => {
  for (const [ends, pauses] of [
    [[60_000], [0]],
    [[0], [0]],
    [
      [100, 100, 100, 100],
      [0, 200, 400, 800],
    ],
    [Array<number>(10).fill(4_999), [0, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000]],
    // Killed now and then: there is nothing to wait for.
    [Array<number>(10).fill(5_000), Array<number>(10).fill(0)],
    [
      [100, 100, 100, 5_000, 100, 100],
      [0, 200, 400, 0, 200, 400],
    ],
  ] as const) {
    let crashes = 0
    const found = ends.map((lasted) => restartDelay((crashes = crashesAfter(crashes, lasted)), 0.5))
    assert.deepEqual(found, pauses, String(ends))
  }
  assert.deepEqual([restartDelay(2, 0), restartDelay(2, 1)], [150, 250])
  assert.deepEqual(
    [1, 7, 8, 50].map((crashes) => isLongest(crashes)),
    [false, false, true, true],
  )
})

test('a part that was killed lets go of what it listens on before it is started again', async () => {
  const port = await freePort()
  const listen = `net.createServer().listen(${port}, '127.0.0.1').on('error', () => process.exit(9))`
  // As nginx's workers: the master is killed, and they listen on.
  const worker = `${process.execPath} -e "const net = require('node:net'); ${listen}"`
  const { pid, said, stop } = part('listens', `${worker} & echo up; wait; exit 9`)
  const listens = () =>
    new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1')
      const answer = (is: boolean) => resolve((socket.destroy(), is))
      socket.once('connect', () => answer(true)).once('error', () => answer(false))
    })
  for (let kills = 0; kills < 3; kills++) {
    await until('it listens', listens)
    const was = pid()!
    process.kill(was, 'SIGKILL')
    await until('another runs', () => pid() !== undefined && pid() !== was)
  }
  await until('the last one listens', listens)
  assert.doesNotMatch(said.join(), /status 9/)
  await stop(1_000)
})
