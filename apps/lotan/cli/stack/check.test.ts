import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { surroundings } from '../../../testing/harness/surroundings.ts'
import { buildClient } from '../../install/build-client.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-stack-'))
after(() => fs.rmSync(dir, { recursive: true }))
const main = path.resolve(import.meta.dirname, '../../main.ts')

async function check(stack: string, args: string[] = [], env: NodeJS.ProcessEnv = {}, program = main) {
  const child = spawn(process.execPath, [program, 'stack', 'check', '-', ...args], { env: { ...surroundings, ...env } })
  const ended = once(child, 'close')
  child.stdin.end(stack)
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { status: ((await ended) as [number])[0], out, err }
}

const good = `
services:
  web: { depends_on: { migrate: { condition: service_completed_successfully } }, cpus: 2 }
  migrate: { image: ghcr.io/team/migrate, depends_on: { db: { condition: service_healthy } } }
  db: { image: 'postgres:16', mem_limit: 256m, pids_limit: 50, volumes: ['data:/data'] }
  mail: { image: axllent/mailpit }
volumes: { data: { x-lotan: { keep: 36h, on-push: reset, from: golden } } }
`

test('a file that can be used: what runs, in which order, with which limits', async () => {
  const { status, out, err } = await check(good)
  assert.equal(status, 0)
  assert.deepEqual(out.split('\n'), [
    "STEP  NAME     IMAGE                 WAITS FOR             MEMORY        CPUS          PIDS",
    "1     db       postgres:16                                 256m          the server's  50",
    "1     mail     axllent/mailpit                             the server's  the server's  the server's",
    "2     migrate  ghcr.io/team/migrate  db healthy            the server's  the server's  the server's",
    "3     web      the tag's own         migrate ended with 0  the server's  2             the server's",
    '',
    'volume data: kept for 36 h after the last use, emptied by each push, begins with the snapshot golden',
    '',
  ]) // prettier-ignore
  assert.match(
    err,
    /can be used as a stack; its images are not checked: LOTAN_STACK_IMAGES and REPOSITORY are not set\n$/,
  )
})

test('images are checked where settings beside it are known', async () => {
  const refused = await check(good, [], { REPOSITORY: 'ghcr.io/team/app' })
  assert.equal(refused.status, 2)
  assert.match(
    refused.out,
    /^line 6, services\.mail\.image: is axllent\/mailpit, and the admin .* docker\.io\/library\/\* .*\n$/,
  )
  const allowed = await check(good, [], { REPOSITORY: 'ghcr.io/team/app', LOTAN_STACK_IMAGES: '*' })
  assert.deepEqual([allowed.status, allowed.err], [0, 'lotan: the standard input can be used as a stack\n'])
  const bad = await check(good, [], { LOTAN_STACK_IMAGES: '%' })
  assert.deepEqual([bad.status, bad.out], [2, ''])
  assert.match(bad.err, /^lotan: LOTAN_STACK_IMAGES is '%'/)
})

test('each problem has a line of its own, and a place in the JSON', async () => {
  const stack = 'services:\n  db:\n    image: redis\n    ports: []\n    build: .\n'
  const { status, out, err } = await check(stack)
  assert.equal(status, 2)
  assert.match(out, /^line 4, services\.db\.ports: is not taken: .*\nline 5, services\.db\.build: is not taken: .*\n$/)
  assert.equal(err, 'lotan: the standard input cannot be used as a stack\n')
  const json = await check(stack, ['--json'])
  assert.equal(json.status, 2)
  const { usable, problems, stack: read } = JSON.parse(json.out)
  assert.deepEqual([usable, read, problems.map(({ line, key }: { line: number; key: string }) => [line, key])], [
    false,
    null,
    [[4, 'services.db.ports'], [5, 'services.db.build']],
  ]) // prettier-ignore
})

test('the single file says the same, with nothing beside it', async () => {
  const client = path.join(dir, 'lotan.mjs')
  await buildClient(client)
  const { status, out } = await check(good, ['--json'], {}, client)
  const { usable, imagesChecked, steps, stack } = JSON.parse(out)
  assert.deepEqual(
    [status, usable, imagesChecked, steps, stack.app.name],
    [0, true, false, [['db', 'mail'], ['migrate'], ['web']], 'web'],
  )
})

test('a file that cannot be read is told of', async () => {
  const child = spawn(process.execPath, [main, 'stack', 'check', path.join(dir, 'none')], { env: surroundings })
  const [err] = await Promise.all([text(child.stderr), once(child, 'close')])
  assert.match(err, /^lotan: .*none cannot be read: ENOENT/)
  assert.equal(child.exitCode, 2)
})
