/** A Lotan whose engine is, as a desktop engine's is, on a network that this machine has no part in. */
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import net from 'node:net'
import { after, before, describe, test } from 'node:test'
import { readConfig } from '../shared/config/config.ts'
import { slotSchemeIn } from '../shared/slots/slot-scheme.ts'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { bridgeAddress } from '../testing/harness/docker.ts'
import { startOwnEngine, type OwnEngine } from '../testing/harness/own-engine.ts'
import { freePort } from '../testing/harness/ports.ts'

describe('with an engine whose network is elsewhere', { timeout: 300_000 }, () => {
  let engine: OwnEngine
  let lotan: Lotan

  before(async () => {
    engine = await startOwnEngine({ megabytes: 64 })
    const { DOCKER_HOST = '' } = engine.env
    lotan = await startLotan({ repository: '127.0.0.1:1/app', env: { DOCKER_HOST } })
  })
  after(async () => {
    await lotan?.stop()
    await engine?.close()
  })

  /** Runs `up` with other settings and in a data directory of its own, which cannot go well. */
  async function refused(settings: Record<string, string>): Promise<string> {
    const LOTAN_DATA_DIR = `${lotan.config.dataDir}-${await freePort()}`
    const LOTAN_LISTEN = `127.0.0.1:${await freePort()}`
    try {
      const { code, output } = await lotan.second({ ...settings, LOTAN_DATA_DIR, LOTAN_LISTEN })
      assert.equal(code, 1, output)
      return output
    } finally {
      const { runDir } = readConfig({ ...lotan.env, LOTAN_DATA_DIR })
      for (const dir of [LOTAN_DATA_DIR, runDir]) await fs.rm(dir, { recursive: true, force: true })
    }
  }

  test('previews are reached through ports, and that is said with what it means', () => {
    assert.equal(slotSchemeIn(lotan.store.facts)?.kind, 'port')
    const said = lotan.said()
    assert.match(said, /reached through ports of 127\.0\.0\.1: the engine's network is not on this machine/)
    assert.match(said, /previews can reach the services of this machine itself/)
  })

  test('LOTAN_SLOT_KIND=network is refused, with what to do', async () => {
    const said = await refused({ LOTAN_SLOT_KIND: 'network' })
    assert.match(said, /LOTAN_SLOT_KIND=network cannot work here: .* write port, or leave it out/)
  })

  test('and so is an engine on another machine, of which nothing can be reached', async () => {
    const address = await bridgeAddress()
    const socket = engine.env.DOCKER_HOST.replace('unix://', '')
    const server = net.createServer((client) => {
      const behind = net.connect(socket)
      client.pipe(behind).pipe(client)
      for (const end of [client, behind]) end.on('error', () => client.destroy() && behind.destroy())
    })
    await new Promise<void>((resolve) => server.listen(0, address, resolve))
    try {
      const { port } = server.address() as net.AddressInfo
      const said = await refused({ DOCKER_HOST: `tcp://${address}:${port}` })
      assert.match(said, new RegExp(`previews on the engine at tcp://${address}:${port} cannot be reached from here`))
    } finally {
      server.close()
    }
  })
})
