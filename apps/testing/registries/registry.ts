/** A real registry on loopback, for one test file. With an engine beside it: `image-registry.ts`. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { symlinkSync } from 'node:fs'
import fs from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { freePort } from '../harness/ports.ts'
import { surroundings } from '../harness/surroundings.ts'
import { until } from '../harness/until.ts'

/** The registry reads only bcrypt. */
export const login = { username: 'lotan', password: 'open-sesame' }
export const passwordHash = '$2y$05$abcdefghijklmnopqrstuutXu9KzOt.1yBoZUeFWoT/914/JfszCO'

export type Registry = Awaited<ReturnType<typeof startRegistry>>

export interface Options {
  login?: boolean
  /** In place of the login's own; the password is the same. */
  username?: string
  /** `auth.token` of the registry's configuration. */
  token?: object
  /** `http.tls`. */
  tls?: { certificate: string; key: string }
  /** Loopback by default. */
  address?: string
  /** Where it tells of each push, by its notifications. */
  notify?: { url: string; headers?: Record<string, string[]> }
}

export async function startRegistry(options: Options = {}) {
  const { login: isClosed, username = login.username, token, tls, address = '127.0.0.1', notify } = options
  const htpasswd = `${username}:${passwordHash}\n`
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-registry-'))
  const port = await freePort()
  const conf = path.join(dir, 'config.yml')
  const passwords = path.join(dir, 'htpasswd')
  const data = path.join(dir, 'data')
  await fs.writeFile(passwords, htpasswd)
  const auth = token ? { token } : isClosed ? { htpasswd: { realm: 'test', path: passwords } } : undefined
  await fs.writeFile(
    conf,
    JSON.stringify({
      version: 0.1,
      log: { level: 'error', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: data }, delete: { enabled: true } },
      http: { addr: `${address}:${port}`, ...(tls && { tls }) },
      ...(auth && { auth }),
      ...(notify && {
        notifications: { endpoints: [{ name: 'lotan', timeout: '2s', threshold: 3, backoff: '1s', ...notify }] },
      }),
    }),
  )
  let child: ChildProcess | undefined

  async function start() {
    child = spawn('setpriv', ['--pdeathsig', 'KILL', 'docker-registry', 'serve', conf], {
      env: surroundings,
      stdio: 'ignore',
    })
    await until('the registry answers', () => isOpen(address, port))
  }

  async function stop() {
    if (!child) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    child = undefined
  }

  await start()
  return {
    port,
    /** `127.0.0.1:40123/todowrangler` */
    repository: `${address}:${port}/todowrangler`,
    start,
    stop,

    /** Admits these lines (`name:bcrypt`) beside the login, from the next request on. */
    async admit(lines: string[]): Promise<void> {
      await fs.writeFile(passwords, `${htpasswd}${lines.join('\n')}\n`)
    },

    /** Writes more tags of an image straight into the registry's storage. */
    multiply(tag: string, tags: string[]) {
      const all = path.join(data, 'docker/registry/v2/repositories/todowrangler/_manifests/tags')
      for (const name of tags) symlinkSync(tag, path.join(all, name))
    },

    async close() {
      await stop()
      await fs.rm(dir, { recursive: true })
    },
  }
}

async function isOpen(host: string, port: number): Promise<boolean> {
  const socket = net.connect(port, host)
  await once(socket, 'connect').finally(() => socket.destroy())
  return true
}
