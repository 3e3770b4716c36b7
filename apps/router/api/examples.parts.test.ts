/** What the page at /api and docs/api.md tell people to type is typed, in the same order. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { examplesAt } from '../../shared/api/examples.ts'
import { environmentFor, urlOf } from '../../shared/config/config.ts'
import { until } from '../../testing/harness/until.ts'
import { bringUp, openBed, token } from '../admin/harness.ts'

const bed = await openBed()
const { store, config } = bed
const home = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-curl-'))
// The router's socket in place of nginx; -w tells the status behind the answer.
const socket = path.join(config.runDir, 'desk.sock')
fs.writeFileSync(path.join(home, '.curlrc'), `unix-socket = "${socket}"\nwrite-out = "\\n%{http_code}"\n`)
after(async () => {
  await bed.close()
  fs.rmSync(home, { recursive: true })
})

const examples = examplesAt(urlOf(config.domain, config))
bed.reaper((_req, res) => res.end('listening on port 80\n'))
store.offer(
  '',
  ['pr-3001', 'pr-3002', 'main'].map((tag) => ({ tag, digest: null })),
)

/** A stream is left once it has said `enough`. */
async function type(command: string, enough?: string) {
  const env = environmentFor(config, { CURL_HOME: home, TOKEN: token })
  const shell = spawn('sh', ['-c', `exec ${command}`], { env, timeout: 60_000 })
  let out = ''
  shell.stdout.setEncoding('utf8').on('data', (piece: string) => {
    out += piece
    if (enough !== undefined && out.includes(enough)) shell.kill()
  })
  const [err] = await Promise.all([text(shell.stderr), new Promise((resolve) => shell.on('close', resolve))])
  assert.equal(err, '')
  return enough === undefined ? { body: out.slice(0, -4), status: Number(out.slice(-3)) } : { body: out, status: 200 }
}

for (const { name, command, status, answer, streams } of examples)
  test(name, async () => {
    const typed = type(command, streams ? String(answer) : undefined)
    if (command.includes('/wait')) {
      await until('it is waited for', () => store.get('pr-3001')?.lastSeen)
      bringUp('pr-3001', bed)
    }
    const said = await typed
    assert.equal(said.status, status, said.body)
    if (typeof answer === 'string') return assert.ok(said.body.includes(answer), said.body)
    const json: unknown = JSON.parse(said.body)
    if (Array.isArray(answer)) assert.equal((json as unknown[]).length, answer.length)
    assert.partialDeepStrictEqual(json, answer)
  })

test('each call but those that are their like has an example', () => {
  const paths = examples.map(({ command }) => / '\S+\/api\/v1(\/[^?']*)/.exec(command)![1]!)
  assert.equal(new Set(examples.map(({ name }) => name)).size, examples.length)
  for (const part of ['/previews', '/previews/pr-3001', 'wait', 'logs', 'refresh', 'stop', '/events', '/tags'])
    assert.ok(
      paths.some((path) => path.endsWith(part)),
      part,
    )
})
