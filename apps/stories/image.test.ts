/**
 * Lotan as one container, as people run it: its image is built from the Dockerfile, and clicked through. The registry is
 * one that the container and the engine both reach, at an address of this machine, with a certificate of its own.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { addressOf, frontOf, gatewayOf, networkName } from '../shared/slots/slots.ts'
import { asBrowser, isWaiting } from '../testing/harness/lotan.ts'
import { makeCertificate } from '../testing/harness/certificate.ts'
import {
  bridgeAddress,
  containersWith,
  docker,
  imagesBelow,
  removeByHand,
  removeImageByHand,
  removeNetworkByHand,
  removeStacksByHand,
} from '../testing/harness/docker.ts'
import { request } from '../testing/clients/http.ts'
import { SIDE, withSide } from '../testing/images/with-side.ts'
import { buildApps, moveToRegistry } from '../testing/images/build.ts'
import { buildLotanImage, lotanImage } from '../testing/images/lotan-image.ts'
import { freePort } from '../testing/harness/ports.ts'
import { inside, openService, reachedFrom, removeFirewallByHand, rulesWith } from '../testing/harness/reach.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { surroundings } from '../testing/harness/surroundings.ts'
import { until } from '../testing/harness/until.ts'

const run = promisify(execFile)
const domain = 'previews.localhost'

describe('the image', { timeout: 300_000 }, () => {
  const mine = `lotan-test-${process.pid}`
  const started: string[] = []
  let dir: string
  let registry: Registry
  let port: number
  let lotan: string
  let instance = ''
  /** That of the demo, once it is known. */
  let demo = ''

  before(async () => {
    dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-image-story-'))
    const address = await bridgeAddress()
    registry = await startImageRegistry({ tls: await makeCertificate(dir, address), address })
    await fs.mkdir(trusted(), { recursive: true })
    await fs.copyFile(path.join(dir, 'certificate.pem'), path.join(trusted(), 'ca.crt'))
    await buildApps(registry.repository, ['red', 'green'])
    await buildApps(registry.repository, ['blue'], withSide('blue', `${registry.repository}:red`, true))
    for (const tag of ['red', 'green', 'blue']) await moveToRegistry(`${registry.repository}:${tag}`)
    port = await freePort()
  })
  after(async () => {
    for (const id of started) await removeByHand(id)
    for (const known of [instance, demo].filter(Boolean)) {
      for (const { Id } of await containersWith(`lotan.instance=${known}`)) await removeByHand(Id)
      await removeNetworkByHand(networkName(known))
      await removeStacksByHand(known)
      await removeFirewallByHand(known)
    }
    await run('docker', ['volume', 'rm', '--force', mine, `${mine}-demo`], { env: surroundings })
    await fs.rm(trusted(), { recursive: true, force: true })
    await registry?.close()
    await fs.rm(dir, { recursive: true, force: true })
  })

  /** Where the engine looks for whom it trusts. */
  const trusted = () => `/etc/docker/certs.d/${registry.repository.split('/')[0]}`

  /** `docker run`, and waits until it is healthy. */
  async function runLotan(
    network = ['--publish', `127.0.0.1:${port}:80`, '--env', `LOTAN_PUBLIC_URL=http://${domain}:${port}`],
  ): Promise<string> {
    const settings = [
      `REPOSITORY=${registry.repository}`,
      `TL_DOMAIN=${domain}`,
      'NODE_EXTRA_CA_CERTS=/certificates/certificate.pem',
    ]
    const volumes = ['/var/run/docker.sock:/var/run/docker.sock', `${dir}:/certificates:ro`, `${mine}:/data`]
    return runHealthy([
      ...network,
      ...settings.flatMap((setting) => ['--env', setting]),
      ...volumes.flatMap((volume) => ['--volume', volume]),
    ])
  }

  async function runHealthy(options: string[]): Promise<string> {
    const command = ['run', '--detach', '--health-interval', '2s', ...options, lotanImage]
    const { stdout } = await run('docker', command, { env: surroundings })
    const id = stdout.trim()
    started.push(id)
    try {
      await until('Lotan is healthy', async () => (await stateOf(id)).Health?.Status === 'healthy', { within: 90_000 })
    } catch (error) {
      const said = await run('docker', ['logs', id], { env: surroundings })
      throw new Error(`${(error as Error).message}\n${said.stdout}${said.stderr}`, { cause: error })
    }
    return id
  }

  async function stateOf(id: string) {
    const { State } = await docker<{
      State: { Running: boolean; StartedAt: string; ExitCode: number; Health?: { Status: string } }
    }>('GET', `/containers/${id}/json`)
    return State
  }

  const ask = (tag: string, host = `${tag}.${domain}:${port}`) => request(port, { host, headers: asBrowser })

  /** Clicks a preview, and follows the waiting page. */
  async function click(tag: string, host?: string): Promise<string> {
    const { text } = await until(
      `the click on ${tag} ends`,
      async () => {
        const answer = await ask(tag, host)
        return isWaiting(answer) || answer.status === 307 ? undefined : answer
      },
      { within: 60_000, every: 100 },
    )
    return text
  }

  async function api<T>(path: string, token: string): Promise<T> {
    const headers = { Authorization: `Bearer ${token}` }
    const { text } = await request(port, { host: `${domain}:${port}`, path: `/api/v1${path}`, headers })
    return JSON.parse(text) as T
  }

  /** That of a service which a preview has beside it. */
  async function sideOf(tag: string): Promise<string> {
    const found = (await containersWith(`lotan.service=${SIDE}`)).find(
      ({ Labels }) => Labels['lotan.instance'] === instance && Labels['lotan.tag'] === tag,
    )
    assert.ok(found, `${tag} has no service`)
    return found.Id
  }

  const token = async () => (await inside(lotan, ['cat', '/data/admin-token'])).trim()
  const preview = async (tag: string) => api<{ container: string; slot: number }>(`/previews/${tag}`, await token())

  test('is built from the Dockerfile, and holds what runs and nothing else', async (t) => {
    const { took, size } = await buildLotanImage()
    t.diagnostic(`built in ${(took / 1000).toFixed(1)} s, ${Math.round(size / 1e6)} MB`)
    assert.ok(size < 350e6, `${size} bytes`)
    const look =
      'ls; command -v npm gcc make python3 git curl; ls node_modules; find apps -name "*.test.ts" -o -name testing'
    const { stdout } = await run('docker', ['run', '--rm', '--entrypoint', 'sh', lotanImage, '-c', `${look} || :`], {
      env: surroundings,
    })
    const found = stdout.trim().split('\n')
    for (const there of ['LICENSE', 'apps', 'nginx', 'views', 'node_modules', 'express'])
      assert.ok(found.includes(there), there)
    for (const tool of ['npm', 'gcc', 'make', 'python3', 'git', 'curl', 'typescript', 'eslint', 'playwright-core'])
      assert.ok(!found.some((name) => path.basename(name) === tool), tool)
    assert.ok(!found.some((name) => name.startsWith('apps/')), 'tests are left out')
  })

  test('runs all of Lotan: a click pulls, starts and reaches the application', async (t) => {
    const began = performance.now()
    lotan = await runLotan()
    t.diagnostic(`healthy after ${((performance.now() - began) / 1000).toFixed(1)} s`)
    instance = (await inside(lotan, ['cat', '/data/instance'])).trim()
    const clicked = performance.now()
    assert.match(await click('red'), /"tag":"red"/)
    t.diagnostic(`first click: ${((performance.now() - clicked) / 1000).toFixed(1)} s, with the pull`)
    assert.match(await click('green'), /"tag":"green"/)
    // One with a service beside it, which has a host too.
    assert.match(await click('blue'), /"tag":"blue"/)
    assert.match(await click(`blue--to-${SIDE}`), /"tag":"blue\+side"/)
  })

  test('keeps previews off each other, the front, the engine and the machine', async () => {
    const service = await openService()
    try {
      const subnet = await subnetOf()
      const { container, slot } = await preview('red')
      const other = await preview('green')
      const own = await docker<{ NetworkSettings: { Networks: Record<string, { IPAddress: string }> } }>(
        'GET',
        `/containers/${lotan}/json`,
      )
      const networks = own.NetworkSettings.Networks
      assert.equal(networks[networkName(instance)]?.IPAddress, frontOf(subnet))
      const closed = [
        `${addressOf(subnet, other.slot)}:80`,
        `${frontOf(subnet)}:80`,
        `${networks.bridge!.IPAddress}:80`,
        `${gatewayOf(subnet)}:${service.port}`,
        `${await bridgeAddress()}:${service.port}`,
        `${await bridgeAddress()}:${registry.repository.split(/[:/]/)[1]}`,
        '169.254.169.254:80',
      ]
      assert.deepEqual(await reachedFrom(container, closed), [])
      assert.deepEqual(await reachedFrom(await sideOf('blue'), [`${addressOf(subnet, slot)}:80`, ...closed]), [])
      assert.equal(
        await inside(container, ['node', '-p', 'require("node:fs").existsSync("/var/run/docker.sock")']),
        'false\n',
      )
      // All of it is there, for whoever may reach it. Of the last one it is known whether a rule stopped it.
      const open = [`${addressOf(subnet, slot)}:80`, ...closed.slice(0, -1)]
      assert.deepEqual(await reachedFrom(lotan, open), open)
      const { stdout } = await run('iptables', ['-w', '-t', 'mangle', '-nvxL', `LOTAN-${instance}`])
      assert.match(stdout, /^ *[1-9]\d* .* DROP .* 169\.254\.0\.0\/16/m)
    } finally {
      service.close()
    }
  })

  test('reaches previews again soon after somebody loaded the firewall anew', async (t) => {
    const called = async () => (await rulesWith(instance)).some((rule) => rule.includes('-A DOCKER-USER'))
    assert.ok(await called())
    const { container } = await preview('red')
    await run('iptables', ['-w', '-D', 'DOCKER-USER', '-j', `LOTAN-${instance}`])
    const began = performance.now()
    await until('its rules are back', called, { within: 60_000 })
    assert.equal((await ask('red')).status, 200, 'it is reached')
    t.diagnostic(`after ${((performance.now() - began) / 1000).toFixed(1)} s`)
    assert.equal((await preview('red')).container, container, 'and was not taken for lost')
  })

  test('stops cleanly, leaves previews running, and the next one takes over, from a back-up too', async (t) => {
    const secret = await token()
    const online = `new (require('better-sqlite3'))('/data/lotan.sqlite').backup('/data/online.sqlite')`
    await inside(lotan, ['node', '-e', online])
    const tags = `new (require('better-sqlite3'))('/data/online.sqlite').prepare('SELECT tag FROM preview').pluck().all()`
    assert.match(await inside(lotan, ['node', '-p', `${tags}.sort().join()`]), /^blue,green,red\n$/)
    const { container } = await preview('red')
    const before = await stateOf(container)
    const began = performance.now()
    await run('docker', ['stop', lotan], { env: surroundings })
    t.diagnostic(`stopped in ${((performance.now() - began) / 1000).toFixed(1)} s`)
    const { ExitCode } = await stateOf(lotan)
    assert.equal(ExitCode, 0, 'it ended by itself')
    assert.equal((await stateOf(container)).StartedAt, before.StartedAt)
    await withData('tar', '-C', '/data', '--exclude=./run', '--exclude=./logs', '-czf', '/backup/lotan.tgz', '.')
    await removeByHand(lotan)
    await run('docker', ['volume', 'rm', mine], { env: surroundings })
    await withData('sh', '-c', 'rm -f /data/lotan.sqlite*; tar -C /data -xzf /backup/lotan.tgz')

    const rules = await rulesWith(instance)
    lotan = await runLotan()
    const answer = await ask('red')
    assert.equal(answer.status, 200, 'the first click after it is the application')
    assert.equal(await token(), secret)
    assert.equal((await preview('red')).container, container)
    const { Running, StartedAt } = await stateOf(container)
    assert.deepEqual([Running, StartedAt], [true, before.StartedAt])
    assert.deepEqual((await rulesWith(instance)).sort(), rules.sort())
  })

  test("takes over on the machine's own network too, where previews reach as little", async () => {
    await run('docker', ['stop', lotan], { env: surroundings })
    await removeByHand(lotan)
    lotan = await runLotan(['--network', 'host', '--env', `LOTAN_LISTEN=0.0.0.0:${port}`])
    assert.equal((await ask('red')).status, 200)
    const { container } = await preview('red')
    const closed = [
      `${addressOf(await subnetOf(), (await preview('green')).slot)}:80`,
      `${await bridgeAddress()}:${port}`,
    ]
    assert.deepEqual(await reachedFrom(container, closed), [])
    assert.deepEqual(await reachedFrom(lotan, closed), closed)
  })

  test('without settings is the demo, whose registry the engine gets at, and nobody else', async (t) => {
    // The other one is still there.
    port = await freePort()
    const began = performance.now()
    const volumes = ['/var/run/docker.sock:/var/run/docker.sock', `${mine}-demo:/data`]
    const id = await runHealthy([
      ...['--publish', `127.0.0.1:${port}:80`],
      ...volumes.flatMap((volume) => ['--volume', volume]),
    ])
    demo = (await inside(id, ['cat', '/data/instance'])).trim()
    const registryPort = (await inside(id, ['cat', '/data/registry-port'])).trim()
    t.diagnostic(`healthy after ${((performance.now() - began) / 1000).toFixed(1)} s`)
    const door = async () =>
      (await containersWith(`lotan.instance=${demo}`)).find(({ Names }) => Names[0] === `/lotan-registry-${demo}`)
    try {
      const { stdout } = await run('docker', ['logs', id], { env: surroundings })
      assert.match(stdout, /http:\/\/red\.todowrangler\.lotan\.localhost\/\n/)
      assert.match(await click('red', 'red.todowrangler.lotan.localhost'), /<title>todowrangler · red</)

      const first = await door()
      assert.deepEqual(
        first?.Ports.filter(({ PublicPort }) => PublicPort).map(({ IP, PublicPort }) => `${IP}:${PublicPort}`),
        [`127.0.0.1:${registryPort}`],
      )
      await removeByHand(first.Id)
      const asked = () => request(Number(registryPort), { host: `127.0.0.1:${registryPort}`, path: '/v2/' })
      await until('it is there again', async () => (await asked()).status === 200)

      await run('docker', ['stop', id], { env: surroundings })
      assert.equal((await stateOf(id)).ExitCode, 0, 'it ended by itself')
      await until('it went with Lotan', async () => !(await door()))
    } finally {
      await removeByHand(id)
      for (const { Id } of await containersWith(`lotan.instance=${demo}`)) await removeByHand(Id)
      for (const name of await imagesBelow(`127.0.0.1:${registryPort}/`)) await removeImageByHand(name)
    }
  })

  test('says that nobody can be visited where it cannot be let through, and is not well', async () => {
    const broken = `${lotanImage}-broken`
    await fs.writeFile(path.join(dir, 'Dockerfile'), `FROM ${lotanImage}\nRUN rm /usr/sbin/*tables*\n`)
    await run('docker', ['build', '--tag', broken, '--file', path.join(dir, 'Dockerfile'), dir], { env: surroundings })
    const socket = '/var/run/docker.sock:/var/run/docker.sock'
    const command = ['run', '--detach', '--volume', socket, '--env', `REPOSITORY=${registry.repository}`, broken]
    const id = (await run('docker', command, { env: surroundings })).stdout.trim()
    started.push(id)
    let other = ''
    try {
      const read = () => inside(id, ['cat', '/data/instance'])
      other = (await until('it has begun', read, { within: 60_000 })).trim()
      const isSaid = async () => {
        const { stdout } = await run('docker', ['logs', id], { env: surroundings })
        return /^lotan: previews cannot be reached out of Lotan's own container: .*iptables: not found/m.test(stdout)
      }
      await until('it is said', isSaid, { within: 60_000 })
      // It is said before nginx listens: until then the health check asks the router itself, and tells it in words.
      const isChecked = () =>
        inside(id, ['node', 'apps/lotan/healthcheck.ts']).then(
          () => false,
          ({ stdout }: { stdout: string }) =>
            /"queue-processor":\{"ok":false,"detail":"cannot reach previews/.test(stdout),
        )
      await until('its health check says so', isChecked, { within: 30_000 })
    } finally {
      await removeByHand(id)
      for (const { Id } of other ? await containersWith(`lotan.instance=${other}`) : []) await removeByHand(Id)
      if (other) await removeNetworkByHand(networkName(other))
      await removeImageByHand(broken)
    }
  })

  test('with a command there is not says how it is used, and without an engine what the demo needs', async () => {
    const ended = (...command: string[]) =>
      run('docker', ['run', '--rm', lotanImage, ...command], { env: surroundings }).then(
        () => assert.fail('it ended well'),
        ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
          code,
          said: stdout + stderr,
        }),
      )
    const alone = await ended()
    assert.equal(alone.code, 1)
    assert.match(alone.said, /REPOSITORY is not set, and the demo needs the engine/)
    const nonsense = await ended('nonsense')
    assert.equal(nonsense.code, 2)
    assert.match(nonsense.said, /^lotan: unknown command 'nonsense'; see lotan --help$/m)
  })

  /** Runs a program that has Lotan's data, and a place for its back-up. */
  async function withData(program: string, ...args: string[]): Promise<void> {
    const volumes = [`${mine}:/data`, `${dir}:/backup`].flatMap((volume) => ['--volume', volume])
    const command = ['run', '--rm', ...volumes, '--entrypoint', program, lotanImage, ...args]
    await run('docker', command, { env: surroundings })
  }

  async function subnetOf(): Promise<string> {
    const { IPAM } = await docker<{ IPAM: { Config: { Subnet: string }[] } }>(
      'GET',
      `/networks/${networkName(instance)}`,
    )
    return IPAM.Config[0]!.Subnet
  }
})
