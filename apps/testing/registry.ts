/** A real registry on loopback, empty and for one test file alone. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { imagesBelow, removeImageByHand } from './docker.ts'
import { freePort } from './ports.ts'
import { surroundings } from './surroundings.ts'
import { until } from './until.ts'

/** Who may enter a registry that was started with a login. bcrypt is all that the registry reads. */
export const login = { username: 'lotan', password: 'open-sesame' }
const htpasswd = 'lotan:$2y$05$abcdefghijklmnopqrstuutXu9KzOt.1yBoZUeFWoT/914/JfszCO\n'

export type Registry = Awaited<ReturnType<typeof startRegistry>>

/** @param options.login only who has the login may enter */
export async function startRegistry(options: { login?: boolean } = {}) {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-registry-'))
  const port = await freePort()
  const conf = path.join(dir, 'config.yml')
  await fs.writeFile(path.join(dir, 'htpasswd'), htpasswd)
  const auth = options.login ? { auth: { htpasswd: { realm: 'test', path: path.join(dir, 'htpasswd') } } } : {}
  await fs.writeFile(
    conf,
    // JSON is YAML.
    JSON.stringify({
      version: 0.1,
      log: { level: 'error', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: path.join(dir, 'data') }, delete: { enabled: true } },
      http: { addr: `127.0.0.1:${port}` },
      ...auth,
    }),
  )
  let child: ChildProcess | undefined

  async function start() {
    child = spawn('setpriv', ['--pdeathsig', 'KILL', 'docker-registry', 'serve', conf], {
      env: surroundings,
      stdio: 'ignore',
    })
    await until('the registry answers', () => fetch(`http://127.0.0.1:${port}/v2/`).then(() => true))
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
    repository: `127.0.0.1:${port}/todowrangler`,
    start,
    stop,
    /** Ends it, with all that it holds and all copies of it on the engine. */
    async close() {
      await stop()
      for (const name of await imagesBelow(`127.0.0.1:${port}/`)) await removeImageByHand(name)
      await fs.rm(dir, { recursive: true })
    },
  }
}
