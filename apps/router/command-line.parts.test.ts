/** The commands of `lotan`, as programs, against a router with a real store. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { bringUp, domain, openBed, steps, token, type Bed } from './admin/harness.ts'
import { surroundings } from '../testing/harness/surroundings.ts'
import { until } from '../testing/harness/until.ts'

const main = path.resolve(import.meta.dirname, '../lotan/main.ts')

let bed: Bed
let nginx: http.Server
let env: Record<string, string>
const children = new Set<ChildProcess>()
before(async () => {
  bed = await openBed({
    LOTAN_PUBLIC_URL: `http://${domain}`,
    TAG_FILTER: '^[^x]',
    REPOSITORY: 'registry.example.com/app',
    LOTAN_REPOSITORIES: 'api=registry.example.com/api',
    TAG_FILTER_API: '^[^y]',
    LOTAN_FORGE: 'github',
    LOTAN_FORGE_REPOSITORY: 'acme/shop',
    LOTAN_FORGE_FORKS: 'open',
  })
  nginx = forwardTo(path.join(bed.config.runDir, 'desk.sock'))
  await once(nginx.listen(0, '127.0.0.1'), 'listening')
  env = { ...surroundings, TERM: 'xterm', LOTAN_API: address('127.0.0.1'), LOTAN_ADMIN_TOKEN: token }
})
after(async () => {
  for (const child of children) child.kill('SIGKILL')
  nginx.closeAllConnections()
  nginx.close()
  await bed.close()
})

const address = (host: string) => `http://${host}:${(nginx.address() as AddressInfo).port}`

/** As nginx does. */
function forwardTo(socketPath: string): http.Server {
  return http.createServer((req, res) => {
    const headers = { ...req.headers, host: domain, 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'http' }
    const request = http.request({ socketPath, method: req.method, path: req.url, headers }, (answer) => {
      res.writeHead(answer.statusCode!, answer.headers)
      res.flushHeaders()
      answer.pipe(res)
    })
    request.on('error', () => res.destroy())
    res.on('close', () => request.destroy())
    req.pipe(request)
  })
}

function start(args: string[], more: Record<string, string> = {}, program = [process.execPath, main]) {
  const child = spawn(program[0]!, [...program.slice(1), ...args], { env: { ...env, ...more }, stdio: ['ignore', 'pipe', 'pipe'] }) // prettier-ignore
  children.add(child)
  const said = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()))
  const ended = once(child, 'close').then(([code]) => {
    children.delete(child)
    return { status: code as number | null, ...said }
  })
  return { child, said, ended }
}
const lotan = (...args: string[]) => start(args).ended

/** On a terminal that is so wide. */
function onTerminal(columns: number, args: string, more: Record<string, string> = {}) {
  const command = `stty cols ${columns}; '${process.execPath}' ${main} ${args}`
  return start(['-qec', command, '/dev/null'], more, ['script'])
}

test('list and tags: whole in a pipe, fitted and coloured on a terminal, JSON for programs', async () => {
  bringUp('red', bed)
  bringUp('feature-with-a-very-long-branch-name', bed)
  bed.store.apply('blue', { type: 'start', by: 'visit' })
  bed.store.offer('', ['blue', 'Capital', 'red', 'xerxes'].map((tag) => ({ tag, digest: null }))) // prettier-ignore

  const [whole, one, json, none, tags, [narrow, plain]] = await Promise.all([
    lotan('list'),
    lotan('list', '--state', 'running', '-q', 'RED'),
    lotan('list', '--json', '--state', 'queued'),
    lotan('list', '-q', 'nothing-like-it'),
    lotan('tags', '-q', 'e'),
    Promise.all([onTerminal(80, 'list').ended, onTerminal(80, 'list', { NO_COLOR: '1' }).ended]),
  ])
  assert.deepEqual([whole.status, whole.err], [0, ''])
  const lines = whole.out.trimEnd().split('\n')
  assert.match(lines[0]!, /^TAG +STATE +FOR +VISITED +ADDRESS +NOTE$/)
  assert.match(lines[1]!, /^blue +queued +\d+ s +\d+ s +http:\/\/blue\.previews\.example\.com +number 1 in line$/)
  assert.equal(lines.length, 4)
  assert.doesNotMatch(whole.out, /[\t\u001b…]/)
  assert.match(one.out, /^TAG.*\nred +running.*\n$/)
  assert.deepEqual(JSON.parse(json.out), [(await bed.api('/previews/blue')).json])
  assert.deepEqual([none.status, none.out], [0, 'TAG  STATE  FOR  VISITED  ADDRESS  NOTE\n'])
  assert.deepEqual(
    tags.out.split('\n').map((line) => line.split(/ +/).slice(0, 2).join(' ')),
    ['TAG PREVIEW', 'blue yes', 'red yes', ''],
  )
  assert.match(narrow.out, /\u001b\[32mrunning\u001b\[39m/)
  for (const { out } of [narrow, plain])
    for (const line of out.replace(/\u001b\[\d+m/g, '').split('\r\n')) assert.ok([...line].length <= 80, line)
  assert.doesNotMatch(plain.out, /\u001b/)
})

test('changes of the forge: with their previews, cut to a terminal’s width, and found in the list of previews', async () => {
  const none = await lotan('changes')
  assert.equal(none.out, 'REPOSITORY  NUMBER  IS  TITLE  AUTHOR  BRANCH  TAG  PREVIEW  BEHIND\n')
  assert.match(none.err, /no change is known: they are read from the forge that LOTAN_FORGE names/)
  const known = {
    ...{ repository: '', title: 'Change\u202e the \u001b[2Jbanner', author: 'mei-lin', branch: 'banner', base: 'main' },
    ...{ sha: 'a41f09c'.padEnd(40, '0'), fork: false, state: 'open' as const, updated: 1 },
    url: 'https://git.example.com/1',
  }
  bed.store.changes.put({ ...known, number: 1 }, ['red'], 1)
  bed.store.changes.put({ ...known, number: 2, title: 'T'.repeat(200), fork: true, state: 'merged' }, ['pr-9'], 1)

  const [all, open, json, previews, unknown, narrow] = await Promise.all([
    lotan('changes'),
    lotan('changes', '--state', 'open', '-q', 'MEI'),
    lotan('changes', '--json', '--state', 'merged'),
    lotan('list', '-q', '#1'),
    lotan('changes', '--state', 'draft'),
    onTerminal(60, 'changes').ended,
  ])
  const [, first, second] = all.out.split('\n')
  assert.match(first!, /^1 +Change the \[2Jbanner +mei-lin +banner +red +running$/)
  assert.match(second!, /^2 +merged, fork +T{59}… +mei-lin +banner +pr-9 +–$/)
  assert.match(open.out, /^NUMBER +TITLE.*\n1 .*\n$/)
  assert.deepEqual(JSON.parse(json.out), (await bed.api('/changes?state=merged')).json)
  assert.match(previews.out, /^TAG.*\nred +running.*\n$/)
  assert.deepEqual([unknown.status, unknown.err], [2, 'lotan: \'draft\' is no state of a change: open, closed, merged\n']) // prettier-ignore
  for (const line of narrow.out.replace(/\u001b\[\d+m/g, '').split('\r\n')) assert.ok([...line].length <= 60, line)
})

test('changes: one line each, side by side, and the status of the first that fails', async () => {
  bringUp('green', bed)
  bringUp('grey', bed)
  const stopped = await lotan('stop', 'green', 'never-seen', 'grey')
  assert.deepEqual([stopped.status, stopped.out.split('\n').toSorted()], [9, ['', 'green  stopping', 'grey  stopping']])
  assert.match(stopped.err, /^lotan: never-seen: There is no preview of this tag\. .*lotan add never-seen adds it\.\n$/)

  const added = await lotan('add', 'pr-1', 'xerxes', 'pr-2', '--json')
  assert.equal(added.status, 5)
  assert.match(added.err, /^lotan: TAG_FILTER does not offer xerxes\. Choose/)
  assert.deepEqual(JSON.parse(added.out).map(({ tag }: any) => tag).toSorted(), ['pr-1', 'pr-2']) // prettier-ignore
  assert.equal(bed.store.get('pr-1')?.state, 'queued')

  for (const [command, state] of [
    ['start', 'running'],
    ['restart', 'stopping'],
    ['rm', 'removing'],
  ] as const) {
    const { status, out } = await lotan(command, 'grey')
    assert.deepEqual([status, out.split(/ +/)[1]?.trim()], [0, state], command)
  }
})

test('start waits where it is told to, and says how that ends', async () => {
  const { ended, said } = start(['start', 'slow', '--wait', '--timeout', '20'])
  await until('it waits', () => said.err.includes('in line'))
  bringUp('slow', bed)
  const { status, out, err } = await ended
  assert.deepEqual([status, out], [0, `slow  running  http://slow.${domain}\n`])
  assert.match(err, /slow answers, after \d+\.\d s\n$/)
})

/** With words of the application. */
function fail(tag: string) {
  for (const step of [steps.absent, steps.pull, steps.pulled, steps.begin, steps.created, steps.started])
    bed.store.apply(tag, step)
  const output = Array.from({ length: 15 }, (_, i) => `line ${i + 1}`)
  bed.store.apply(tag, { type: 'fail', reason: { code: 'no-answer', detail: 'it is silent', output } })
}

test('wait: after a failure the last ten lines of the application, and with --json the problem', async () => {
  const { ended } = start(['wait', 'sad', '--json', '--timeout', '20'])
  await until('it waits', () => bed.store.get('sad')?.state === 'queued')
  fail('sad')
  const { status, out, err } = await ended
  assert.equal(status, 6)
  const problem = JSON.parse(out)
  assert.deepEqual([problem.status, problem.tag, problem.reason], [502, 'sad', 'no-answer'])
  assert.match(
    err,
    /the last that sad wrote:\n {2}line 6\n(.*\n){8} {2}line 15\nlotan: sad failed: .*\n(lotan: .*\n){0,2}$/,
  )
})

test('wait --refresh and --digest: until the image that was pushed serves', async () => {
  const { image } = bringUp('pushed', bed)
  const other = `sha256:${'0'.repeat(64)}`
  const served = await lotan('wait', 'pushed', '--timeout', '0', '--json')
  assert.equal(JSON.parse(served.out).digest, image!.digest)

  const { ended } = start(['wait', 'pushed', '--refresh', '--timeout', '20'])
  await until('it is asked for', () => bed.store.get('pushed')?.update?.asked)
  bed.store.apply('pushed', { type: 'current', number: bed.store.get('pushed')!.update!.number })
  assert.equal((await ended).status, 0)

  const late = start(['wait', 'pushed', '--digest', other, '--timeout', '1', '--json'])
  await until('it is asked for', () => bed.store.get('pushed')?.update?.asked)
  const answering = setInterval(() => {
    const { update } = bed.store.get('pushed')!
    if (update) bed.store.apply('pushed', { type: 'current', number: update.number })
  }, 50)
  const { status, err, out } = await late.ended
  clearInterval(answering)
  assert.equal(status, 7)
  assert.match(err, new RegExp(`pushed runs ${image!.digest}, and not yet ${other}`))
  assert.equal(JSON.parse(out).tag, 'pushed')
})

test('logs: the last lines, what comes, and why there are none', async () => {
  bringUp('wordy', bed)
  const asked: string[] = []
  bed.reaper((req, res) => {
    asked.push(req.url!)
    res.writeHead(200, { 'Content-Type': 'text/plain' })
    res.write('one\ntwo\n')
    if (!req.url!.includes('follow=1')) res.end()
  })
  const once = await lotan('logs', 'wordy', '--tail', '2')
  assert.deepEqual([once.status, once.out], [0, 'one\ntwo\n'])
  assert.match(asked[0]!, /tail=2/)
  const following = start(['logs', '-f', 'wordy'])
  await until('its lines come', () => following.said.out === 'one\ntwo\n')
  following.child.kill('SIGINT')
  assert.equal((await following.ended).status, 130)
  bed.store.apply('wordless', { type: 'start', by: 'visit' })
  const none = await lotan('logs', 'wordless')
  assert.deepEqual([none.status, none.err], [9, 'lotan: wordless has no container now.\n']) // prettier-ignore
  assert.equal((await lotan('logs', 'never-seen')).status, 9)
})

test('open prints the address, of a tag that is no preview yet too', async () => {
  bed.store.offer('', ['Capital', 'red'].map((tag) => ({ tag, digest: null }))) // prettier-ignore
  const [known, offered, none] = await Promise.all(['red', 'Capital', 'never-seen'].map((tag) => lotan('open', tag)))
  assert.deepEqual(known, { status: 0, out: `http://red.${domain}\n`, err: '' })
  assert.match(offered!.out, /^http:\/\/capital-[0-9a-z]{8}\.previews/)
  assert.equal(none!.status, 9)
})

test('list --watch: lines in a pipe, a table that is drawn anew on a terminal', async () => {
  bringUp('seen', bed)
  const piped = start(['list', '--watch', '-q', 'seen'])
  const drawn = onTerminal(100, 'list --watch -q seen')
  await until('both show it', () => [piped, drawn].every(({ said }) => /seen .*running/.test(said.out)))
  bed.store.apply('seen', { type: 'stop', why: 'asked' })
  await until('both show that it stops', () => [piped, drawn].every(({ said }) => /seen .*stopping/.test(said.out)))
  for (const { child } of [piped, drawn]) child.kill('SIGINT')
  assert.equal((await piped.ended).status, 130)
  assert.match(piped.said.out, /^seen {2}running\nseen {2}stopping\n/)
  await drawn.ended
  assert.match(drawn.said.out, /\u001b\[2A\r\u001b\[J/)
})

test('list --watch tells the same tag of two repositories apart, and that one goes', async () => {
  bringUp('twin', bed)
  bringUp('api/twin', bed)
  const [lines, json] = [[], ['--json']].map((more) => start(['list', '--watch', '-q', 'twin', ...more])) as [ReturnType<typeof start>, ReturnType<typeof start>] // prettier-ignore
  await until('both are shown', () => [lines, json].every(({ said }) => said.out.trimEnd().split('\n').length === 2))
  for (const type of ['remove', 'ending', 'removed'] as const) bed.store.apply('api/twin', { type })
  const last = ({ said }: typeof lines) => said.out.trimEnd().split('\n').at(-1)!
  await until('one is gone', () => /gone$/.test(last(lines)) && /"unknown"/.test(last(json)))
  for (const { child } of [lines, json]) child.kill('SIGINT')
  await Promise.all([lines.ended, json.ended])
  assert.deepEqual(lines.said.out.split('\n').slice(0, 2).toSorted(), ['api/twin  running', 'twin  running'])
  assert.equal(last(lines), 'api/twin  gone')
  assert.deepEqual(JSON.parse(last(json)), { repository: 'api', tag: 'twin', state: 'unknown' })
})

test('a reader that ends is no error, and ends what would go on', async () => {
  bringUp('red', bed)
  for (const args of ['list', 'list --watch']) {
    const command = `{ '${process.execPath}' ${main} ${args}; echo "ended $?" >&2; } | head -1`
    const { ended, said } = start(['-c', command], {}, ['bash'])
    // The next write finds out.
    const moving = setInterval(() => bed.store.apply('red', { type: bed.store.get('red')!.state === 'running' ? 'stop' : 'start', why: 'asked', by: 'api' } as never), 200) // prettier-ignore
    const { out, err } = await ended
    clearInterval(moving)
    assert.match(out, /^.+\n$/)
    assert.equal(err, 'ended 0\n', `${args}: ${said.err}`)
  }
})

test('previews of a named repository are called api/TAG everywhere', async () => {
  bringUp('pair', bed)
  bringUp('api/pair', bed)
  const offer = (repository: string, tag: string) => bed.store.offer(repository, [{ tag, digest: null }])
  offer('', 'pair')
  offer('api', 'only-api')

  const firstWords = ({ out }: { out: string }) => out.trimEnd().split('\n').slice(1).map((line) => line.split(/ {2,}/)[0]) // prettier-ignore
  const [all, one, tags, repositories, ids, address, offered] = await Promise.all([
    lotan('list', '-q', 'pair'),
    lotan('list', '--repository', 'api'),
    lotan('tags', '--repository', 'api'),
    lotan('repositories'),
    lotan('completion', 'tags'),
    lotan('open', 'api/pair'),
    lotan('open', 'api/only-api'),
  ])
  assert.deepEqual(firstWords(all), ['pair', 'api/pair'])
  assert.deepEqual(firstWords(one), ['api/pair'])
  assert.deepEqual(firstWords(tags), ['api/only-api'])
  assert.match(repositories.out, /^NAME .*\n– +\d+ .*registry\.example\.com\/app .*\napi +1 .*TAG\.api\./)
  for (const id of ['pair', 'api/pair', 'api/only-api']) assert.ok(ids.out.split('\n').includes(id), ids.out)
  assert.equal(address.out, `http://pair.api.${domain}\n`)
  assert.equal(offered.out, `http://only-api.api.${domain}\n`)

  for (const [args, out] of [
    [['wait', 'api/pair'], `http://pair.api.${domain}\n`],
    [['pin', 'api/pair'], `api/pair  running  http://pair.api.${domain}\n`],
    [['unpin', 'api/pair'], `api/pair  running  http://pair.api.${domain}\n`],
    [['refresh', 'api/pair'], `api/pair  running  http://pair.api.${domain}\n`],
    [['stop', 'api/pair'], 'api/pair  stopping\n'],
    [['add', 'api/pr-9'], 'api/pr-9  queued\n'],
    [['rm', 'api/pr-9'], 'api/pr-9  removing\n'],
  ] as const) {
    const ended = await lotan(...args)
    assert.deepEqual([ended.status, ended.out], [0, out], `${args.join(' ')}: ${ended.err}`)
  }
  const json = JSON.parse((await lotan('start', 'api/pair', '--json')).out)
  assert.deepEqual([json[0].repository, json[0].tag], ['api', 'pair'])
  assert.match((await lotan('share', 'api/pair')).err, /opens api\/pair until/)
  assert.equal(bed.store.get('pr-9'), undefined)
  assert.equal(bed.store.get('pair')?.state, 'running')
})

test('a repository that there is not, and a tag that its filter refuses, are one line that says what to do', async () => {
  const unlisted = /^lotan: No repository docs is listed\. Listed: api\./m
  const table: [args: string[], status: number, line: RegExp][] = [
    [['stop', 'docs/pr-7'], 9, unlisted],
    [['wait', 'docs/pr-7', '--timeout', '5'], 9, unlisted],
    [['logs', 'docs/pr-7'], 9, unlisted],
    [['tags', '--repository', 'docs'], 9, unlisted],
    [['list', '--repository', 'docs'], 2, /repository is nothing for the one without a name, or api\./],
    [['stop', 'api/never-seen'], 9, /^lotan: api\/never-seen: There is no preview .*lotan add api\/never-seen adds it\.$/m],
    [['add', 'api/y-1'], 5, /TAG_FILTER_API does not offer api\/y-1\. Choose a tag that lotan tags --repository api lists/],
    [['wait', 'api/y-1'], 5, /TAG_FILTER_API does not offer api\/y-1\.\n.*have TAG_FILTER_API changed/],
    [['stop', '../pr-7'], 2, /'\.\.' is no name of a repository: lotan repositories lists/],
    [['stop', 'api/'], 2, /'' is no valid image tag/],
    [['stop', 'api/a/b'], 2, /'a\/b' is no valid image tag/],
  ] // prettier-ignore
  const all = await Promise.all(table.map(([args]) => lotan(...args)))
  for (const [i, [args, status, line]] of table.entries()) {
    const { status: ended, err } = all[i]!
    assert.equal(ended, status, `${args.join(' ')}: ${err}`)
    assert.match(err, line)
  }
})

test('what is wrong with the way to Lotan is one line, each with its own status', async () => {
  const table: [status: number, env: Record<string, string>, line: RegExp][] = [
    [3, { LOTAN_API: 'http://127.0.0.1:1' }, /^lotan: no Lotan answers at .*nothing listens there; start it with npm start/],
    [4, { LOTAN_ADMIN_TOKEN: 'not-the-token-of-this-lotan' }, /^lotan: the Lotan at .* does not accept this token: set/],
    [4, { LOTAN_ADMIN_TOKEN: '' }, /^lotan: set LOTAN_ADMIN_TOKEN too/],
    [2, { LOTAN_API: 'previews' }, /^lotan: LOTAN_API is 'previews': write/],
    [0, { LOTAN_API: '', LOTAN_ENDPOINT_URL: address('127.0.0.1') }, /^$/],
  ] // prettier-ignore
  const all = await Promise.all(table.map(([, more]) => start(['list'], more).ended))
  for (const [i, [status, , line]] of table.entries()) {
    const ended = all[i]!
    assert.equal(ended.status, status, ended.err)
    assert.match(ended.err, line)
    assert.ok(ended.err.split('\n').length <= 2 && !ended.err.includes('not-the-token'), ended.err)
  }
})

test('bash completes commands, options and tags', async () => {
  bringUp('completed', bed)
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-completion-'))
  fs.writeFileSync(path.join(dir, 'lotan'), `#!/bin/sh\nexec '${process.execPath}' ${main} "$@"\n`, { mode: 0o755 })
  const script = `
    eval "$(lotan completion bash)"
    complete -p lotan
    try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lotan; printf '%s|' "\${COMPREPLY[@]}"; echo; }
    try lotan re; try lotan list --; try lotan stop comp; try lotan token add x --can r; try lotan wait --timeout ''; try lotan token ''
    cd '${dir}'; try lotan exec comp; try lotan exec -; try lotan exec completed -- comp; try lotan forward completed --; try lotan cp comp; try lotan cp lot; try lotan cp completed :`
  const { ended } = start(['-c', script], { PATH: `${dir}:${surroundings.PATH}` }, ['bash', '--norc'])
  const { out, err } = await ended
  fs.rmSync(dir, { recursive: true })
  assert.equal(err, '')
  assert.deepEqual(out.split('\n'), [
    'complete -F _lotan lotan',
    'repositories|restart|refresh|reset|',
    '--repository|--state|--watch|--json|--help|',
    'completed|',
    'read|run|',
    '|',
    'add|list|rm|',
    'completed|',
    '-T|--no-tty|--help|',
    '|',
    '--bind|--help|',
    'completed:|',
    'lotan|',
    '|',
    '',
  ])
})

test('lotan.mjs is served to anybody, and works alone: an empty directory, a bare environment', async () => {
  assert.equal(
    (await start([path.resolve(main, '../install/build-client.ts')], {}, [process.execPath]).ended).status,
    0,
  )
  const served = await bed.ask('/lotan.mjs')
  assert.deepEqual([served.status, served.headers['content-type']], [200, 'text/javascript; charset=utf-8'])
  const { text: checksum } = await bed.ask('/lotan.mjs.sha256')
  assert.equal(checksum, `${createHash('sha256').update(served.text).digest('hex')}  lotan.mjs\n`)

  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-alone-'))
  fs.writeFileSync(path.join(dir, 'lotan.mjs'), served.text)
  const alone = async (...args: string[]) => {
    const child = spawn(process.execPath, ['lotan.mjs', ...args], { cwd: dir, env: { LOTAN_API: env.LOTAN_API!, LOTAN_ADMIN_TOKEN: token } }) // prettier-ignore
    const ended = once(child, 'close')
    const out = await text(child.stdout)
    return { status: ((await ended) as [number])[0], out }
  }
  bringUp('red', bed)
  const [about, listed, waited, none] = await Promise.all([
    alone('--version', '--checksum'),
    alone('list', '-q', 'red'),
    alone('wait', 'red'),
    alone('purge'),
  ])
  fs.rmSync(dir, { recursive: true })
  assert.ok(about.out.includes(`sha256:${checksum.split(' ')[0]}`), about.out)
  assert.match(listed.out, /^TAG.*\nred /)
  assert.deepEqual(waited, { status: 0, out: `http://red.${domain}\n` })
  assert.equal(none.status, 2)
})
