/**
 * nginx and the router as they are, with a database that says that this many previews run: as many containers would take
 * more memory than a small machine has. Their slots are addresses of loopback, where one fast application answers at all.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { forgetRoutes } from '../../lotan/nginx/route-cache.ts'
import { writeNginxConf } from '../../lotan/nginx/config.ts'
import { steps } from '../../router/admin/harness.ts'
import { readConfig } from '../../shared/config/config.ts'
import { openLog } from '../../shared/log.ts'
import { openStore, type Store } from '../../shared/store/store.ts'
import { hostOf, labelOf } from '../../shared/tag.ts'
import { request } from '../../testing/clients/http.ts'
import { freePort } from '../../testing/harness/ports.ts'
import { surroundings } from '../../testing/harness/surroundings.ts'
import { until } from '../../testing/harness/until.ts'
import { fastConf } from '../../testing/images/fast.ts'

const root = path.resolve(import.meta.dirname, '../../..')
const SUBNET = '127.83.0.0/20'

/** @param measure gets nginx's port and the previews' hosts */
export async function withManyHosts<T>(
  count: number,
  measure: (port: number, hosts: string[]) => Promise<T>,
): Promise<T> {
  const home = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-bench-hosts-'))
  const [port, applicationPort] = [await freePort(), await freePort()]
  const env = {
    ...surroundings,
    REPOSITORY: '127.0.0.1:5000/many',
    LOTAN_DATA_DIR: path.join(home, 'data'),
    LOTAN_LISTEN: `127.0.0.1:${port}`,
    LOTAN_CONTAINER_PORT: String(applicationPort),
    LOTAN_SLOTS: String(count + 1),
    LOTAN_MAX_RUNNING: String(count),
  }
  const config = readConfig(env)
  const tags = Array.from({ length: count }, (_, i) => `pr-${i + 1}`)
  const hosts = tags.map((tag) => hostOf(tag, config))
  const store = openStore(path.join(config.dataDir, 'lotan.sqlite'), {
    slots: config.slots,
    label: (id, service) => labelOf(id, config, service),
    log: openLog('bench', 'silent'),
  })
  const children: ChildProcess[] = []
  try {
    store.facts.set('slotKind', 'network')
    store.facts.set('subnet', SUBNET)
    for (const [i, tag] of tags.entries()) bringUp(store, tag, { number: i + 1, port: applicationPort, places: count })

    const application = path.join(home, 'application.conf')
    await fs.writeFile(application, fastConf(applicationPort, home))
    children.push(start(['nginx', '-p', home, '-e', 'stderr', '-c', application], env))
    children.push(start([process.execPath, 'apps/router/main.ts'], env))
    children.push(start(await writeNginxConf(config, store), env))
    for (const host of [hosts[0]!, hosts.at(-1)!])
      await until(`${host} answers`, async () => (await request(port, { host })).status === 200)
    return await measure(port, hosts)
  } finally {
    for (const child of children) await end(child)
    store.close()
    await forgetRoutes(config)
    await fs.rm(config.runDir, { recursive: true, force: true })
    await fs.rm(home, { recursive: true, force: true })
  }
}

function bringUp(store: Store, tag: string, at: { number: number; port: number; places: number }): void {
  const { port, places } = at
  const container = at.number.toString(16).padStart(64, '0')
  store.apply(tag, { type: 'start', by: 'visit' })
  const { pull, begin, created } = steps
  const of = { pull: { ...pull, places }, begin: { ...begin, places, port }, created: { ...created, container } }
  for (const event of Object.values({ ...steps, ...of })) store.apply(tag, event)
  if (store.get(tag)?.state !== 'running') throw new Error(`${tag} is ${store.get(tag)?.state}`)
}

/** Ends with this process. */
function start(command: string[], env: Record<string, string>): ChildProcess {
  const stdio = ['ignore', 'ignore', 'inherit'] as const
  return spawn('setpriv', ['--pdeathsig', 'TERM', '--', ...command], { cwd: root, env, stdio: [...stdio] })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}
