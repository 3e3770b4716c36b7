/** The network and its rules come back after another program removed them, and what is missing is reported. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { readConfig } from '../../shared/config/config.ts'
import { openEngine } from '../../shared/engine/engine.ts'
import { openLog } from '../../shared/log.ts'
import { networkName } from '../../shared/slots/slots.ts'
import { openStore, type Store } from '../../shared/store/store.ts'
import { docker, removeNetworkByHand } from '../../testing/harness/docker.ts'
import { removeFirewallByHand, rulesWith } from '../../testing/harness/reach.ts'
import { surroundings } from '../../testing/harness/surroundings.ts'
import { until } from '../../testing/harness/until.ts'
import { CutOffError, openFirewall } from './firewall.ts'
import { openNetwork } from './network.ts'

const run = promisify(execFile)
const log = openLog('test', 'silent')
const rounds = { setUp: 3_600_000, check: 50, repairPause: 0 }

describe("the previews' network", { timeout: 300_000 }, () => {
  const ending = new AbortController()
  let dir: string
  let store: Store
  let config: ReturnType<typeof readConfig>
  let engine: ReturnType<typeof openEngine>

  before(async () => {
    dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-network-'))
    config = readConfig({ ...surroundings, LOTAN_DATA_DIR: dir, LOTAN_SLOTS: '10', LOTAN_MAX_RUNNING: '5' })
    store = openStore(path.join(dir, 'lotan.sqlite'), { slots: config.slots, label: (tag) => tag, log })
    engine = openEngine(config)
  })
  after(async () => {
    ending.abort()
    store?.close()
    await removeNetworkByHand(networkName(config.instance))
    await removeFirewallByHand(config.instance)
    await fs.rm(dir, { recursive: true, force: true })
    await fs.rm(config.runDir, { recursive: true, force: true })
  })

  test('has its rules again soon after another program reloaded the firewall, where a preview is up', async () => {
    const firewall = openFirewall({ engine, config, log })
    const network = openNetwork({ engine, store, firewall, config, log, rounds })
    void network.keep(ending.signal)
    await until('the rules are set', () => store.facts.get('firewall')?.why === null)
    const rules = (await rulesWith(config.instance)).sort()
    assert.equal(rules.length, 27)
    const image = { id: 'sha256:1', digest: null, pulled: true, bytes: 1, created: null, labels: {}, ports: [80] }
    store.apply('red', { type: 'start', by: 'visit' })
    store.apply('red', { type: 'found', image })
    store.apply('red', { type: 'begin', places: 1, port: 80, slot: 1 })
    store.apply('red', { type: 'created', generation: 1, container: 'c1' })

    const back = async () => JSON.stringify((await rulesWith(config.instance)).sort()) === JSON.stringify(rules)
    for (const [table, from, to] of [
      ['mangle', 'FORWARD', `LOTAN-${config.instance}`],
      ['filter', 'DOCKER-USER', `LOTAN-${config.instance}`],
      ['filter', 'INPUT', `LOTAN-${config.instance}-IN`],
    ] as const) {
      await run('iptables', ['-w', '-t', table, '-D', from, '-j', to])
      await until(`${from} calls ${to} again`, back, { within: 60_000 })
    }
    assert.equal(await firewall.isSetUp([]), true)
    ending.abort()
  })

  test('is IPv4 alone, which rules and slots are about', async () => {
    const { EnableIPv6 } = await docker<{ EnableIPv6: boolean }>('GET', `/networks/${networkName(config.instance)}`)
    assert.equal(EnableIPv6, false)
  })

  test("notes that Lotan's own container is not let through, until it is", async () => {
    let isLetThrough = false
    const firewall = {
      setUp: () => (isLetThrough ? Promise.resolve(undefined) : Promise.reject(new CutOffError('no iptables'))),
      isSetUp: () => Promise.resolve(true),
    }
    const network = openNetwork({ engine, store, firewall, config, log })
    const told = () => [store.facts.get('firewall')?.why, store.facts.get('cutOff')]
    await assert.rejects(network.ensure(), CutOffError)
    assert.deepEqual(told(), ["previews cannot be reached out of Lotan's own container: no iptables", true])
    isLetThrough = true
    await network.ensure()
    assert.deepEqual(told(), [null, undefined])
  })

  test('is made sure of in its rounds though the clock steps back', async (t) => {
    let rounds = 0
    const firewall = { setUp: () => Promise.resolve(void rounds++), isSetUp: () => Promise.resolve(true) }
    const often = { setUp: 200, check: 20, repairPause: 0 }
    const network = openNetwork({ engine, store, firewall, config, log, rounds: often })
    const over = new AbortController()
    t.after(() => over.abort())
    void network.keep(over.signal)
    await until('it was made sure of', () => rounds > 0)
    const clock = Date.now
    t.mock.method(Date, 'now', () => clock() - 3_600_000)
    const before = rounds
    // Asked by a clock that goes on.
    const began = performance.now()
    while (rounds < before + 2 && performance.now() - began < 5_000) await sleep(20)
    assert.ok(rounds >= before + 2, `it was made sure of ${rounds - before} times since`)
  })
})
