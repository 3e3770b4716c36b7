/** Who is let in, and who is not, with Debian's OpenSSH client; what is inside has tests of its own. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { openLog } from '../../shared/log.ts'
import { until } from '../../testing/harness/until.ts'
import { hostKeyIn } from './host-key.ts'
import { watchKeys } from './keys/watch-keys.ts'
import { openServer, usualWaits } from './server.ts'
import { watchWrongKeys } from './wrong-keys.ts'

describe('who comes by SSH', { timeout: 60_000 }, () => {
  let dir: string
  let port: number
  let keys: ReturnType<typeof watchKeys>
  let server: ReturnType<typeof openServer>
  const ending = new AbortController()
  const lines: Record<string, unknown>[] = []
  const who: string[] = []

  before(async () => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-ssh-'))
    for (const [name, ...type] of [
      ['anna', 'ed25519'],
      ['ben', 'rsa', '-b', '3072'],
      ['cleo', 'ecdsa', '-b', '521'],
      ['dora', 'ed25519'],
    ] as const)
      // prettier-ignore
      execFileSync('ssh-keygen', ['-q', '-t', ...(type as string[]), '-N', '', '-C', name, '-f', path.join(dir, name)])
    const log = openLog('test', 'silent')
    for (const level of ['info', 'warn', 'error'] as const)
      log[level] = ((fields: object, message: string) =>
        void lines.push({ level, message, ...fields })) as typeof log.info
    write(['anna', 'ben', 'cleo'])
    keys = watchKeys(path.join(dir, 'keys'), log, ending.signal)
    server = openServer(
      hostKeyIn(dir),
      keys,
      watchWrongKeys(log),
      (connection, client) => {
        who.push(client.actor.who)
        connection.on('session', (accept) => {
          accept().on('exec', (accepted) => {
            const channel = accepted()
            channel.write('in\n')
            channel.exit(0)
            channel.end()
          })
        })
      },
      { ...usualWaits, known: 2_000 },
    )
    await once(server.server.listen(0, '127.0.0.1'), 'listening')
    port = (server.server.address() as net.AddressInfo).port
  })
  after(async () => {
    ending.abort()
    await server?.close()
    fs.rmSync(dir, { recursive: true, force: true })
  })

  function write(names: string[], more = '') {
    const file = path.join(dir, 'keys')
    fs.writeFileSync(`${file}.new`, names.map((name) => fs.readFileSync(path.join(dir, `${name}.pub`), 'utf8')).join('') + more) // prettier-ignore
    fs.renameSync(`${file}.new`, file)
  }

  async function come(...names: string[]) {
    const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'IdentitiesOnly=yes', 'IdentityAgent=none', 'BatchMode=yes', 'LogLevel=ERROR'] // prettier-ignore
    const child = spawn('ssh', ['-F', '/dev/null', '-p', String(port), ...names.flatMap((name) => ['-i', path.join(dir, name)]), ...options.flatMap((one) => ['-o', one]), 'pr-7@127.0.0.1', 'true']) // prettier-ignore
    const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    return { code: code as number, output, errors }
  }

  test('keys of all three kinds are let in, by their names', async () => {
    for (const name of ['anna', 'ben', 'cleo']) assert.deepEqual(await come(name), { code: 0, output: 'in\n', errors: '' }) // prettier-ignore
    assert.deepEqual(who, ['key anna', 'key ben', 'key cleo'])
    // An agent has others, too.
    assert.equal((await come('dora', 'anna')).code, 0)
  })

  test('a key that is not in the file is not, and told in the log', async () => {
    const { code, errors } = await come('dora')
    assert.equal(code, 255)
    assert.match(errors, /Permission denied \(publickey\)/)
    const fingerprint = execFileSync('ssh-keygen', ['-l', '-f', path.join(dir, 'dora')], { encoding: 'utf8' }).split(' ')[1] // prettier-ignore
    await until('the log has it', () => lines.some(({ message }) => message === 'wrong key'))
    const { level, address, user, keys: told } = lines.find(({ message }) => message === 'wrong key')!
    assert.deepEqual({ level, address, user, told }, { level: 'warn', address: '127.0.0.1', user: 'pr-7', told: [fingerprint] }) // prettier-ignore
  })

  test('a file that is wrong changes nothing, and one that is right is in force', async () => {
    write(['dora'], 'from="x" ssh-ed25519 AAAA\nssh-dss AAAA\n')
    keys.look()
    assert.match(String(lines.at(-1)?.error), /keys': line 2 has the option from[^\n]+\nLOTAN_SSH_KEYS is [^\n]+ line 3 has a key of the type "ssh-dss"/) // prettier-ignore
    assert.equal(lines.at(-1)?.message, 'keys for SSH cannot be used: those that were read before stay')
    assert.equal((await come('anna')).code, 0)
    write(['dora'])
    keys.look()
    assert.equal((await come('dora')).code, 0)
    assert.equal((await come('anna')).code, 255)
  })

  test('a connection that does not say who it is is cut', async () => {
    const socket = net.connect(port, '127.0.0.1').resume()
    const began = performance.now()
    await once(socket, 'close')
    assert.ok(performance.now() - began >= 1_900)
  })

  test('wrong keys are answered later the more there are', async () => {
    const before = performance.now()
    // Twelve cost nothing in a minute, and some were sent before.
    for (let tries = 0; tries < 12; tries++) await come('anna')
    const began = performance.now()
    assert.equal((await come('anna')).code, 255)
    assert.ok(performance.now() - began >= 250, `${began - before}`)
  })
})
