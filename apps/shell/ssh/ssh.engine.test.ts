/** Debian's OpenSSH client, on a real engine. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { buffer, text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { docker } from '../../testing/harness/docker.ts'
import { until } from '../../testing/harness/until.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { openHarness, type Harness } from '../harness.ts'
import { openSshHarness, type SshHarness } from './harness.ts'

describe('SSH', { timeout: 120_000 }, () => {
  let registry: Registry
  let harness: Harness
  let ssh: SshHarness

  before(async () => {
    registry = await startImageRegistry()
    await publishSmall(`${registry.repository}:red`, 'red', { labels: { 'lotan.shell': '/bin/busybox sh' } })
    await publishSmall(`${registry.repository}:bare`, 'bare')
    harness = await openHarness(registry.repository)
    ssh = await openSshHarness(harness, (key) => `${key('anna')}\nmatch="^red",can="shell" ${key('ben')}\ncan="read" ${key('cleo')}\n`) // prettier-ignore
  })
  after(async () => {
    await ssh?.close()
    await harness?.close()
    await registry?.close()
  })

  test('wakes a preview, says how far it is, and keeps output, errors and status apart', async () => {
    const { code, output, errors } = await ssh.run('red', '/bin/busybox cat; echo wrong >&2; exit 7', { input: 'through and through' }) // prettier-ignore
    assert.deepEqual([code, output], [7, 'through and through'])
    assert.match(errors, /^red: /)
    assert.match(errors, /\nwrong\n$/)
  })

  test('carries 20 MB both ways, byte for byte, through new keys of the connection each megabyte', async () => {
    const bytes = randomBytes(20_000_000)
    const child = ssh.start('red', ['/bin/busybox cat'], { more: ['-o', 'RekeyLimit=1M'] })
    child.stdin.end(bytes)
    const [output, errors] = await Promise.all([buffer(child.stdout), text(child.stderr)])
    assert.equal(errors, '')
    assert.ok(output.equals(bytes), `${output.length} bytes came back`)
  })

  test('mixes up no bytes where output and errors are both more than the client takes at once', async () => {
    const script = `/bin/busybox seq 1 800000 & /bin/busybox seq 1 800000 >&2; wait`
    const child = ssh.start('red', [script])
    child.stdin.end()
    let read = ''
    const readSoFar = () => fs.readFileSync(`/proc/${child.pid}/io`, 'utf8').split('\n')[0]!
    await until('both stand still', () => read === (read = readSoFar()) && Number(read.split(' ')[1]) > 2_000_000, {
      every: 200,
    })
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
    const wanted = Array.from({ length: 800_000 }, (_, at) => `${at + 1}\n`).join('')
    assert.ok(output === wanted, `${output.length} of ${wanted.length} characters of output`)
    assert.ok(errors === wanted, `${errors.length} of ${wanted.length} characters of errors`)
  })

  test('ends what it has started in the container when the client is killed', async () => {
    const child = ssh.start('red', [`trap '' HUP TERM; echo up; while :; do /bin/busybox sleep 4721; done`])
    await until('it runs', async () => (await processes()).some((line) => line.includes('sleep 4721')))
    child.kill('SIGKILL')
    await until('nothing of it is left', async () => !(await processes()).some((line) => line.includes('sleep 4721')))
    await until('it is no session any more', () => harness.store.shellSessions.list().length === 0)
  })

  /** As the engine sees the container. */
  async function processes(): Promise<string[]> {
    const { container } = (await harness.untilState('red', 'running')).generation
    const { Processes } = await docker<{ Processes: string[][] }>('GET', `/containers/${container}/top?ps_args=-eo%20pid,args`) // prettier-ignore
    return Processes.map((columns) => columns.join(' '))
  }
})
