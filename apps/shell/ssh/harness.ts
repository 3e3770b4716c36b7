/** Debian's own OpenSSH client, and the server in a test's process. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { until } from '../../testing/harness/until.ts'
import type { Harness } from '../harness.ts'
import { openSsh } from './open-ssh.ts'
import { usualWaits } from './server.ts'

export type SshHarness = Awaited<ReturnType<typeof openSshHarness>>

/** @param keys lines of the file of keys; `KEY` is replaced by the key of that name, which is made */
export async function openSshHarness(
  { context, config }: Harness,
  keys: (keyOf: (name: string) => string) => string,
  waits = {},
) {
  const dir = fs.mkdtempSync(path.join(config.dataDir, 'ssh-'))
  const keyOf = (name: string): string => {
    const file = path.join(dir, name)
    if (!fs.existsSync(file)) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file])
    return fs.readFileSync(`${file}.pub`, 'utf8').trim()
  }
  const file = path.join(dir, 'keys')
  fs.writeFileSync(file, keys(keyOf))
  const ending = new AbortController()
  const place = { listen: { host: '127.0.0.1', port: 0 }, keys: file }
  const ssh = openSsh(context, place, ending.signal, { ...usualWaits, ...waits })
  const port = await until('SSH listens', () => ssh.port())
  const known = path.join(dir, 'known_hosts')
  const host = execFileSync('ssh-keygen', ['-y', '-f', path.join(config.dataDir, 'ssh-host-key')], { encoding: 'utf8' })
  fs.writeFileSync(known, `[127.0.0.1]:${port} ${host}`)

  /** As `ssh` takes them. */
  const options = (key: string) => [
    '-F', '/dev/null', '-p', String(port), '-i', path.join(dir, key),
    ...[`UserKnownHostsFile=${known}`, 'StrictHostKeyChecking=yes', 'IdentitiesOnly=yes', 'IdentityAgent=none', 'BatchMode=yes', 'LogLevel=ERROR'].flatMap((one) => ['-o', one]),
  ] // prettier-ignore

  function start(user: string, args: string[] = [], { key = 'anna', more = [] as string[] } = {}) {
    const child = spawn('ssh', [...options(key), ...more, '-l', user, '127.0.0.1', ...args])
    // One that has ended reads no more.
    child.stdin.on('error', () => {})
    return child
  }

  return {
    port,
    file,
    dir,
    keyOf,
    options,
    start,
    lookForKeys: ssh.lookForKeys,

    async run(
      user: string,
      command: string | null,
      { input = '', ...how }: { input?: string | Buffer; key?: string; more?: string[] } = {},
    ) {
      const child = start(user, command === null ? [] : [command], how)
      child.stdin.end(input)
      const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
      return { code: code as number, output, errors }
    },

    async close(): Promise<void> {
      ending.abort()
      await ssh.close()
    },
  }
}
