/** Lotan by docker-compose, as people run it: docker-compose.yml as it stands, with settings in an `.env`. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import https from 'node:https'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { addressOf, gatewayOf, networkName } from '../shared/slots/slots.ts'
import { asBrowser, isWaiting } from '../testing/harness/lotan.ts'
import { makeAuthority } from '../testing/harness/certificate.ts'
import {
  bridgeAddress,
  containersWith,
  docker,
  removeByHand,
  removeNetworkByHand,
  removeStacksByHand,
} from '../testing/harness/docker.ts'
import { SIDE, withSide } from '../testing/images/with-side.ts'
import { request } from '../testing/clients/http.ts'
import { publishApps } from '../testing/images/publish.ts'
import { buildLotanImage, lotanImage } from '../testing/images/lotan-image.ts'
import { freePort } from '../testing/harness/ports.ts'
import { inside, openService, reachedFrom, removeFirewallByHand, rulesWith } from '../testing/harness/reach.ts'
import { login, startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { surroundings } from '../testing/harness/surroundings.ts'
import { until } from '../testing/harness/until.ts'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '../..')
const domain = 'previews.localhost'
const services = ['redis', 'router', 'queue-processor', 'reaper', 'forge', 'shell', 'nginx'] as const
type Service = (typeof services)[number]

interface Inspected {
  Id: string
  State: { Running: boolean; StartedAt: string; Pid: number; Health?: { Status: string } }
  Config: { Env: string[] }
  HostConfig: { NetworkMode: string }
  Mounts: { Destination: string }[]
}

describe('docker-compose.yml', { timeout: 300_000 }, () => {
  const project = `lotan-test-${process.pid}`
  let dir: string
  let registry: Registry
  let port: number
  let instance = ''

  before(async () => {
    dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-compose-story-'))
    registry = await startImageRegistry({ login: true })
    await publishApps(registry.repository, ['red', 'green'], {}, login)
    await publishApps(registry.repository, ['blue'], withSide('blue', `${registry.repository}:red`, true), login)
    port = await freePort()
    const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64')
    await fs.mkdir(path.join(dir, 'logins'))
    await fs.writeFile(
      path.join(dir, 'logins', 'config.json'),
      JSON.stringify({ auths: { [registry.repository.split('/')[0]!]: { auth } } }),
    )
    const settings = [
      `REPOSITORY=${registry.repository}`,
      `TL_DOMAIN=${domain}`,
      `LOTAN_LISTEN=0.0.0.0:${port}`,
      `DOCKER_CONFIG=${path.join(dir, 'logins')}`,
      `TAG_FILTER='^[a-z]+$'`,
      `ENV_ARGS='-e A=1 -e "B=two words"'`,
      'LOTAN_ENV_FILE=.env',
      'LOTAN_FILTER_FILE=filters.env',
      'LOTAN_CONTAINER_ENV_C=from the file',
      'LOTAN_FORGE_TOKEN=of-the-forge-alone',
      'LOTAN_SHELL=on',
      'LOTAN_SLOTS=60',
      'LOTAN_DISK_HIGH_PERCENT=99',
      'LOTAN_DISK_LOW_PERCENT=98',
    ]
    await fs.writeFile(path.join(dir, '.env'), settings.map((setting) => `${setting}\n`).join(''))
    await fs.writeFile(path.join(dir, 'filters.env'), '')
    // Nothing but shorter waits. A check by Node takes a third of a second of the processor.
    const interval = (service: Service) => (service === 'redis' ? '1s' : '4s')
    const quick = Object.fromEntries(
      services.map((service) => [service, { healthcheck: { interval: interval(service) } }]),
    )
    await fs.writeFile(path.join(dir, 'quick.yml'), JSON.stringify({ services: quick }))
    await buildLotanImage()
  })
  after(async () => {
    await compose('down', '--volumes').catch(() => {})
    for (const { Id } of await containersWith(`com.docker.compose.project=${project}`)) await removeByHand(Id)
    if (instance) {
      for (const { Id } of await containersWith(`lotan.instance=${instance}`)) await removeByHand(Id)
      await removeNetworkByHand(networkName(instance))
      await removeStacksByHand(instance)
      await removeFirewallByHand(instance)
    }
    await registry?.close()
    await fs.rm(dir, { recursive: true, force: true })
  })

  async function compose(...command: string[]): Promise<string> {
    // What it builds lies beside the file.
    const at = command[0] === 'build' ? root : dir
    const given = { LOTAN_IMAGE: lotanImage, REPOSITORY: registry.repository }
    const files = ['--file', path.join(root, 'docker-compose.yml'), '--file', path.join(dir, 'quick.yml')]
    const { stdout } = await run(
      'docker-compose',
      ['--project-directory', at, ...files, '--project-name', project, ...command],
      { env: { ...surroundings, ...given } },
    )
    return stdout
  }

  /** `docker-compose up -d`, and waits until all are healthy. @returns milliseconds */
  async function up(...options: string[]): Promise<number> {
    const began = performance.now()
    try {
      await compose('up', '--detach', '--no-build', ...options)
      for (const service of services) await healthy(service)
    } catch (error) {
      const said = await compose('logs', '--no-color').catch(() => '')
      const { message, stderr = '' } = error as Error & { stderr?: string }
      throw new Error(`${message}\n${stderr}\n${said}`, { cause: error })
    }
    instance ||= (await inside(await idOf('redis'), ['cat', '/data/instance'])).trim()
    return performance.now() - began
  }

  async function idOf(service: Service): Promise<string> {
    const found = (await containersWith(`com.docker.compose.project=${project}`)).filter(
      ({ Labels }) => Labels['com.docker.compose.service'] === service,
    )
    assert.equal(found.length, 1, `${service} has ${found.length} containers`)
    return found[0]!.Id
  }

  const inspect = (id: string) => docker<Inspected>('GET', `/containers/${id}/json`)
  const serviceOf = async (service: Service) => inspect(await idOf(service))

  const healthy = (service: Service) =>
    until(`${service} is healthy`, async () => (await serviceOf(service)).State.Health?.Status === 'healthy', {
      within: 60_000,
      every: 100,
    })

  const ask = (tag: string) => request(port, { host: `${tag}.${domain}:${port}`, headers: asBrowser })

  /** Clicks a preview, and follows the waiting page. */
  async function click(tag: string): Promise<string> {
    const { text } = await until(
      `the click on ${tag} ends`,
      async () => {
        const answer = await ask(tag)
        return isWaiting(answer) || answer.status === 307 ? undefined : answer
      },
      { within: 60_000, every: 100 },
    )
    return text
  }

  const token = async () => (await inside(await idOf('redis'), ['cat', '/data/admin-token'])).trim()

  async function preview(tag: string) {
    const headers = { Authorization: `Bearer ${await token()}` }
    const { text } = await request(port, { host: `${domain}:${port}`, path: `/api/v1/previews/${tag}`, headers })
    return JSON.parse(text) as { container: string; slot: number }
  }

  /** That of a service which a preview has beside it. */
  async function sideOf(tag: string): Promise<string> {
    const found = (await containersWith(`lotan.service=${SIDE}`)).find(
      ({ Labels }) => Labels['lotan.instance'] === instance && Labels['lotan.tag'] === tag,
    )
    assert.ok(found, `${tag} has no service`)
    return found.Id
  }

  /** The process of this machine that a service's container runs a program in. */
  async function processOf(service: Service, program: string): Promise<number | undefined> {
    const { Processes } = await docker<{ Processes: string[][] }>(
      'GET',
      `/containers/${await idOf(service)}/top?ps_args=${encodeURIComponent('-eo pid,args')}`,
    )
    const pid = Processes.find(([, args]) => args?.includes(program) && !args.includes('setpriv'))?.[0]
    return pid === undefined ? undefined : Number(pid)
  }

  test('is built once: by one service, under the name that all of them have', async () => {
    // Compose v2 builds side by side, and fails where two services build what has one name.
    const { builds, uses } = imagesIn(await compose('config'))
    assert.deepEqual([builds, uses], [1, services.map(() => lotanImage)])
    const was = await docker<{ Id: string }>('GET', `/images/${lotanImage}/json`)
    const said = await compose('build')
    assert.equal(said.match(/^Successfully tagged /gm)?.length, 1, said)
    const is = await docker<{ Id: string }>('GET', `/images/${lotanImage}/json`)
    assert.equal(is.Id, was.Id, 'it is what docker build makes')
  })

  test('comes up in order, and a click reaches the application', async (t) => {
    t.diagnostic(`all healthy after ${((await up()) / 1000).toFixed(1)} s`)
    const started = Object.fromEntries(
      await Promise.all(services.map(async (name) => [name, (await serviceOf(name)).State.StartedAt] as const)),
    ) as Record<Service, string>
    for (const name of ['router', 'queue-processor', 'reaper'] as const) {
      assert.ok(started.redis < started[name], `redis before ${name}`)
      assert.ok(started[name] < started.nginx, `${name} before nginx`)
    }
    const first = await ask('red')
    assert.ok(isWaiting(first), `${first.status}`)
    assert.match(await click('red'), /"tag":"red"/)
    assert.match(await click('green'), /"tag":"green"/)
    // One with a service beside it, which has a host too.
    assert.match(await click('blue'), /"tag":"blue"/)
    assert.match(await click(`blue--to-${SIDE}`), /"tag":"blue\+side"/)
    const { Env } = (await inspect((await preview('red')).container)).Config
    for (const wanted of ['A=1', 'B=two words', 'C=from the file']) assert.ok(Env.includes(wanted), wanted)
    assert.equal(await compose('exec', '-T', 'nginx', 'lotan', 'wait', 'red'), `http://red.${domain}:${port}\n`)
    assert.match(await compose('logs', '--no-color', 'nginx'), /admin: .*\/login\?token=/)
    const log = await compose('logs', '--no-color', 'reaper')
    assert.match(log, /reaper is ready/)
    assert.doesNotMatch(log, /cannot be measured/)
  })

  test('shows the engine to the two workers and the way in alone, logins to the workers, and the forge its token', async () => {
    for (const service of services) {
      const { Mounts, HostConfig, Config } = await serviceOf(service)
      const isWorker = service === 'queue-processor' || service === 'reaper'
      const hasEngine = isWorker || service === 'shell'
      assert.equal(
        Mounts.some(({ Destination }) => Destination === '/var/run/docker.sock'),
        hasEngine,
        service,
      )
      assert.equal(
        Mounts.some(({ Destination }) => Destination === '/root/.docker'),
        isWorker,
        service,
      )
      assert.equal(
        Config.Env.some((line) => line.startsWith('ENV_ARGS=')),
        isWorker,
        service,
      )
      assert.equal(Config.Env.includes('LOTAN_FORGE_TOKEN=of-the-forge-alone'), service === 'forge', service)
      assert.equal(HostConfig.NetworkMode, service === 'redis' ? 'none' : 'host')
      const look = 'test -e /var/run/docker.sock || test -e /run/docker.sock'
      const seen = await inside(await idOf(service), ['sh', '-c', `if ${look}; then echo yes; else echo no; fi`])
      assert.equal(seen.trim(), hasEngine ? 'yes' : 'no', service)
    }
  })

  test('keeps previews off each other, nginx, the router, Redis, the engine and the machine', async () => {
    const service = await openService()
    try {
      const { IPAM } = await docker<{ IPAM: { Config: { Subnet: string }[] } }>(
        'GET',
        `/networks/${networkName(instance)}`,
      )
      const subnet = IPAM.Config[0]!.Subnet
      const [{ container, slot }, other] = [await preview('red'), await preview('green')]
      const closed = [
        `${addressOf(subnet, other.slot)}:80`,
        ...[gatewayOf(subnet), await bridgeAddress()].flatMap((host) => [`${host}:${port}`, `${host}:${service.port}`]),
      ]
      assert.deepEqual(await reachedFrom(container, closed), [])
      assert.deepEqual(await reachedFrom(await sideOf('blue'), [`${addressOf(subnet, slot)}:80`, ...closed]), [])
      const open = [`${addressOf(subnet, slot)}:80`, ...closed]
      assert.deepEqual(await reachedFrom(await idOf('nginx'), open), open)
      // Router, forge, reaper and Redis listen on sockets in the data volume, which no preview has.
      assert.deepEqual((await inspect(container)).Mounts, [])
      const run = (await inside(await idOf('redis'), ['ls', '/data/run'])).split('\n')
      const sockets = run.filter((name) => name.endsWith('.sock'))
      assert.deepEqual(sockets, ['desk.sock', 'forge.sock', 'reaper.sock', 'redis.sock', 'router.sock', 'shell.sock'])
    } finally {
      service.close()
    }
  })

  test('refuses a second launcher of what runs, and parts there are none of', async () => {
    const nginx = await idOf('nginx')
    const refused = (...command: string[]) =>
      inside(nginx, ['lotan', 'up', ...command]).then(
        () => assert.fail('it ended well'),
        ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) =>
          [code, stdout + stderr] as const,
      )
    for (const command of [[], ['nginx'], ['redis', 'router']]) {
      const [code, said] = await refused(...command)
      assert.equal(code, 1, said)
      assert.match(said, /already running/)
    }
    const [code, said] = await refused('registry')
    assert.equal(code, 2)
    assert.match(said, /lotan: up takes names of parts, and 'registry' is none/)
    assert.equal((await ask('red')).status, 200)
  })

  test('heals when a part is killed, and when a container is', async (t) => {
    const router = await until('the router runs', () => processOf('router', 'apps/router/main.ts'))
    process.kill(router, 'SIGKILL')
    await until('another router runs', async () => {
      const pid = await processOf('router', 'apps/router/main.ts')
      return pid !== undefined && pid !== router
    })
    const killed = await Promise.all((['queue-processor', 'nginx', 'redis'] as const).map(serviceOf))
    const began = performance.now()
    for (const { State } of killed) process.kill(State.Pid, 'SIGKILL')
    for (const { Id, State } of killed)
      await until('its container was started again', async () => {
        const now = (await inspect(Id)).State
        return now.Running && now.StartedAt !== State.StartedAt
      })
    for (const service of services) await healthy(service)
    t.diagnostic(`all healthy ${((performance.now() - began) / 1000).toFixed(1)} s after three containers died`)
    assert.match(await click('red'), /"tag":"red"/)
    await removeByHand((await preview('green')).container)
    await until('green runs again', async () => /"tag":"green"/.test((await ask('green')).text))
  })

  test('is upgraded while a preview runs, which is neither restarted nor away for long', async (t) => {
    const { container } = await preview('red')
    const { StartedAt } = (await inspect(container)).State
    const secret = await token()
    const old = await Promise.all(services.map(idOf))
    let away = 0
    let over = false
    const watching = (async () => {
      for (let last = performance.now(); !over;) {
        const { status } = await ask('red').catch(() => ({ status: 0 }))
        const now = performance.now()
        if (status === 200) last = now
        else away = Math.max(away, now - last)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    })()
    const took = await up('--force-recreate').finally(() => (over = true))
    await watching
    t.diagnostic(`${(took / 1000).toFixed(1)} s, of which the preview was away ${(away / 1000).toFixed(1)} s at a time`)
    const now = await Promise.all(services.map(idOf))
    assert.ok(
      now.every((id) => !old.includes(id)),
      'all containers are new',
    )
    assert.equal((await ask('red')).status, 200)
    assert.equal((await preview('red')).container, container)
    assert.equal((await inspect(container)).State.StartedAt, StartedAt)
    assert.equal(await token(), secret)
  })

  test('goes down and leaves previews running, and finds them again, with other settings: HTTPS', async (t) => {
    const { container } = await preview('red')
    const { StartedAt } = (await inspect(container)).State
    const rules = await rulesWith(instance)
    const began = performance.now()
    await compose('down')
    t.diagnostic(`down in ${((performance.now() - began) / 1000).toFixed(1)} s`)
    assert.deepEqual(await containersWith(`com.docker.compose.project=${project}`), [])
    assert.equal((await inspect(container)).State.StartedAt, StartedAt)

    const { file, issue } = await makeAuthority(dir)
    const { certificate, key } = await issue([domain, `*.${domain}`])
    const secure = await freePort()
    const settings = [
      `LOTAN_CERTIFICATES=${dir}`,
      `LOTAN_TLS_CERT=/certificates/${path.basename(certificate)}`,
      `LOTAN_TLS_KEY=/certificates/${path.basename(key)}`,
      `LOTAN_TLS_LISTEN=0.0.0.0:${secure}`,
    ]
    await fs.appendFile(path.join(dir, '.env'), settings.map((setting) => `${setting}\n`).join(''))
    t.diagnostic(`up in ${((await up()) / 1000).toFixed(1)} s`)
    const host = `red.${domain}`
    assert.equal((await ask('red')).headers.location, `https://${host}:${secure}/`)
    const first = await askSecurely(secure, host, await fs.readFile(file))
    assert.equal(first, 200, 'the first click after it is the application')
    assert.equal((await inspect(container)).State.StartedAt, StartedAt)
    assert.deepEqual((await rulesWith(instance)).sort(), rules.sort())
  })
})

/** How many services of a `docker-compose config` have something to build, and the image of each. */
function imagesIn(config: string): { builds: number; uses: string[] } {
  const found = (name: string) => [...config.matchAll(new RegExp(`^ {4}${name}:(.*)$`, 'gm'))]
  return { builds: found('build').length, uses: found('image').map(([, image]) => image!.trim()) }
}

/** @param ca whom to trust @returns the status of the answer */
function askSecurely(port: number, host: string, ca: Buffer): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const given = { host: '127.0.0.1', port, servername: host, headers: { host }, ca, agent: false }
    https
      .get(given, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
      .on('error', reject)
  })
}
