/** A real registry on loopback, empty and for one test file alone. With an engine beside it: `image-registry.ts`. */
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

/** Who may enter a registry that was started with a login. bcrypt is all that the registry reads. */
export const login = { username: 'lotan', password: 'open-sesame' }
export const passwordHash = '$2y$05$abcdefghijklmnopqrstuutXu9KzOt.1yBoZUeFWoT/914/JfszCO'
const htpasswd = `${login.username}:${passwordHash}\n`

export type Registry = Awaited<ReturnType<typeof startRegistry>>

export interface Options {
  /** Only who has the login may enter. */
  login?: boolean
  /** The part `auth.token` of the registry's configuration: only who has such a token may enter. */
  token?: object
  /** The part `http.tls`. */
  tls?: { certificate: string; key: string }
  /** Where it listens, if not on loopback. */
  address?: string
}

export async function startRegistry({ login, token, tls, address = '127.0.0.1' }: Options = {}) {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-registry-'))
  const port = await freePort()
  const conf = path.join(dir, 'config.yml')
  const passwords = path.join(dir, 'htpasswd')
  const data = path.join(dir, 'data')
  await fs.writeFile(passwords, htpasswd)
  const auth = token ? { token } : login ? { htpasswd: { realm: 'test', path: passwords } } : undefined
  await fs.writeFile(
    conf,
    // JSON is YAML.
    JSON.stringify({
      version: 0.1,
      log: { level: 'error', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: data }, delete: { enabled: true } },
      http: { addr: `${address}:${port}`, ...(tls && { tls }) },
      ...(auth && { auth }),
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
    /** The repository that tests push to: `127.0.0.1:40123/todowrangler`. */
    repository: `${address}:${port}/todowrangler`,
    start,
    stop,

    /** Lets in who stands in these lines (`name:bcrypt`), beside the login, from the next request on. */
    async admit(lines: string[]): Promise<void> {
      await fs.writeFile(passwords, `${htpasswd}${lines.join('\n')}\n`)
    },

    /** Gives an image many more tags at once, where the registry keeps them. */
    multiply(tag: string, tags: string[]) {
      const all = path.join(data, 'docker/registry/v2/repositories/todowrangler/_manifests/tags')
      for (const name of tags) symlinkSync(tag, path.join(all, name))
    },

    /** Ends it, with all that it holds. */
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
