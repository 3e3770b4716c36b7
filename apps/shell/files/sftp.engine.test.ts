/** Files of previews with Debian's own scp and sftp. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { until } from '../../testing/harness/until.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { openHarness, type Harness } from '../harness.ts'
import { openSshHarness, type SshHarness } from '../ssh/harness.ts'

const run = promisify(execFile)

describe('scp and sftp', { timeout: 120_000 }, () => {
  let registry: Registry
  let harness: Harness
  let ssh: SshHarness
  let dir: string

  before(async () => {
    registry = await startImageRegistry()
    // It has no shell in its path, its user is not root and has one folder of its own; links lead out of it, in all ways.
    const links = ['/etc', '../../../../../../../..', '/www/index.html', '../www']
    await publishSmall(`${registry.repository}:red`, 'red', {
      scripts: { '/start': `cd /tmp; ${links.map((to, i) => `ln -s ${to} link${i}`).join('; ')}; exec httpd -f -p 8080 -h /www` }, // prettier-ignore
      entrypoint: ['/bin/busybox', 'sh', '/start'],
      labels: { 'lotan.stack': `services: { app: { user: '1234:1235', tmpfs: /tmp } }` },
      expose: [8080],
    })
    harness = await openHarness(registry.repository)
    ssh = await openSshHarness(harness, (keyOf) => `can="shell" ${keyOf('anna')}\ncan="run" ${keyOf('ron')}\n`)
    dir = path.join(ssh.dir, 'files')
    fs.mkdirSync(dir)
  })
  after(async () => {
    await ssh?.close()
    await harness?.close()
    await registry?.close()
  })

  const place = (key: string) => ssh.options(key).map((option) => (option === '-p' ? '-P' : option))
  const scp = (...args: string[]) => run('scp', [...place('anna'), ...args], { timeout: 60_000 })
  /** @returns what it says, and its errors; each line that begins with a dash may fail */
  async function sftp(lines: string[], { key = 'anna', user = 'red' } = {}) {
    const batch = path.join(dir, 'batch')
    fs.writeFileSync(batch, lines.join('\n') + '\n')
    const done = await run('sftp', [...place(key), '-b', batch, `${user}@127.0.0.1`], { timeout: 60_000 }).catch(
      (error: { stdout: string; stderr: string }) => error,
    )
    return { output: done.stdout, errors: done.stderr }
  }
  const local = (name: string) => path.join(dir, name)

  test('carry 20 MB both ways byte for byte, and files of any name and none of their bytes', async () => {
    const big = randomBytes(20_000_000)
    fs.writeFileSync(local('big'), big)
    await scp(local('big'), 'red@127.0.0.1:/tmp/big')
    await scp('red@127.0.0.1:/tmp/big', local('back'))
    assert.ok(fs.readFileSync(local('back')).equals(big))

    const names = ['plain', 'a b', `it's "so" $HOME \\0101`, 'zwei\nzeilen', 'ünd – 日本', '-rf', '*']
    fs.mkdirSync(local('tree/inner/empty'), { recursive: true })
    for (const name of names) fs.writeFileSync(local(`tree/inner/${name}`), name === '*' ? '' : `of ${name}`)
    fs.chmodSync(local('tree/inner/plain'), 0o444)
    fs.utimesSync(local('tree/inner/plain'), 1_000_000_000, 1_100_000_000)
    await scp('-rp', local('tree'), 'red@127.0.0.1:/tmp/tree')
    await scp('-rp', 'red@127.0.0.1:/tmp/tree', local('again'))
    assert.deepEqual(fs.readdirSync(local('again/inner')).sort(), ['empty', ...names].sort())
    for (const name of names)
      assert.equal(fs.readFileSync(local(`again/inner/${name}`), 'utf8'), name === '*' ? '' : `of ${name}`)
    const { mode, mtimeMs } = fs.statSync(local('again/inner/plain'))
    assert.deepEqual([mode & 0o777, mtimeMs], [0o444, 1_100_000_000_000])
  })

  test('list, rename, remove and say what cannot be done', async () => {
    fs.writeFileSync(local('one'), 'one')
    const { output, errors } = await sftp([
      'pwd', 'cd /tmp', 'mkdir made', `put ${local('one')} made/one`, 'rename made/one made/two', '-rename made/two big',
      'ls -ln made', '-rmdir made', 'chmod 600 made/two', 'ls -ln made', 'rm made/two', 'rmdir made', '-ls made',
      '-ln -s /etc/passwd /tmp/mine', `-put ${local('one')} /www/one`, '-get /nowhere', '-get /dev/zero',
    ]) // prettier-ignore
    assert.match(output, /Remote working directory: \/\n/)
    assert.match(output, /-rw-r--r-- .* 1234 +1235 +3 .* made\/two\n/)
    assert.match(output, /-rw------- .* 1234 +1235 +3 .* made\/two\n/)
    assert.match(errors, /remote rename .*: Failure/)
    assert.match(errors, /remote rmdir .*: Failure|rmdir .*: Failure/i)
    assert.match(errors, /made.* not found|Can't ls/)
    assert.match(errors, /symlink.*: Operation unsupported|[Ss]ymlink/)
    assert.match(errors, /dest open "\/www\/one": Permission denied/)
    assert.match(errors, /"\/nowhere" not found|nowhere.*No such file/)
    assert.doesNotMatch(errors, /noted in its log/)
  })

  test('see nothing but the container, wherever a link leads', async () => {
    const { output } = await sftp([
      'ls -1 /tmp/link0', 'ls -1 /tmp/link1/', 'ls -1 /../../..', `get /tmp/link2 ${local('page')}`, 'ls -1 /tmp/link3/',
      `-get /busybox ${local('busybox')}`, `-get /tmp/link1/busybox ${local('busybox')}`,
    ]) // prettier-ignore
    assert.match(fs.readFileSync(local('page'), 'utf8'), /<h1>red<\/h1>/)
    // The helper's root has this file, the container's has not.
    assert.ok(!fs.existsSync(local('busybox')))
    assert.match(output, /^sftp> ls -1 \/tmp\/link1\/\n[^]*\/tmp\/link1\/start\n/m)
    assert.match(output, /\/tmp\/link3\/index\.html/)
    assert.match(output, /\/tmp\/link0\/hosts/)
  })

  test('are one line of the audit, leave nothing behind, and are refused to keys that may not', async () => {
    await until('all sessions have ended', () => harness.store.shellSessions.list().length === 0)
    const [told] = harness.store.history('red', 1)
    assert.equal(told?.who, 'key anna')
    const { output } = await sftp(['pwd'], { key: 'ron' })
    assert.doesNotMatch(output, /working directory/)
    const { errors } = await sftp(['pwd'], { user: 'nowhere' })
    assert.match(errors, /Failure|closed/i)
  })
})
