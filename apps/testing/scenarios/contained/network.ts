/** What a preview's container reaches, where it looks for all that there is: its neighbour, this machine, a cloud's secrets. */
import assert from 'node:assert/strict'
import { slotSchemeIn } from '../../../shared/slots/slot-scheme.ts'
import { addressOf, gatewayOf } from '../../../shared/slots/slots.ts'
import { addressOf as addressOfContainer, bridgeAddress } from '../../harness/docker.ts'
import type { Lotan } from '../../harness/lotan.ts'
import { addressBesideLoopback } from '../../harness/ports.ts'
import { droppedBy, inside, openService } from '../../harness/reach.ts'
import { buildApp } from '../../images/build.ts'
import type { Attack } from './contained.ts'

const TAG = 'scanner'
/** Where clouds tell a machine its secrets. */
const METADATA = '169.254.169.254'
const METADATA_PORTS = [80, 443, 8080]
/** Slots whose addresses it tries, on the ports that services have most. */
const SLOTS = 60
const USUAL = [22, 80, 443, 2375, 2376, 3000, 5000, 5432, 6379, 8000, 8080, 9000]

/**
 * Connects to each of `TARGETS`, 500 at once, for as long as it is told, and prints how its tries ended: `connected` with
 * the targets.
 */
const scan = `
  const net = require('node:net')
  const [ms, ...targets] = process.argv.slice(1)
  const ends = {}
  const connected = new Set()
  const over = Date.now() + Number(ms)
  let next = 0
  const turn = () => {
    if (next >= targets.length && Date.now() >= over) return
    const target = targets[next++ % targets.length]
    const colon = target.lastIndexOf(':')
    const socket = net.connect({ host: target.slice(0, colon), port: Number(target.slice(colon + 1)) })
    const say = (end) => { ends[end] = (ends[end] || 0) + 1; socket.destroy(); turn() }
    const timer = setTimeout(() => socket.destroy(new Error('silent')), 1000)
    socket.on('connect', () => { connected.add(target); clearTimeout(timer); say('connected') })
    socket.on('error', (error) => { clearTimeout(timer); say(error.code || error.message) })
  }
  for (let i = 0; i < 500; i++) turn()
  process.on('exit', () => console.log(JSON.stringify({ ends, connected: [...connected] })))`

interface Scanned {
  ends: Record<string, number>
  connected: string[]
}

async function scanned(lotan: Lotan, targets: string[], ms: number): Promise<Scanned> {
  const container = await lotan.containerOf(TAG)
  return JSON.parse(await inside(container, ['node', '-e', scan, String(ms), ...targets])) as Scanned
}

/** @param ms that it scans for at least */
export const portScans = (ms: number): Attack => ({
  name: 'a scanner of its neighbours and of this machine',
  tag: TAG,
  build: (reference) => buildApp(reference),
  async run({ lotan, neighbour }, measure) {
    await lotan.click(TAG, '/plain')
    const scheme = slotSchemeIn(lotan.store.facts)
    assert.equal(scheme?.kind, 'network')
    const service = await openService()
    const own = await addressOfContainer(await lotan.containerOf(TAG))
    const other = await addressOfContainer(await lotan.containerOf(neighbour))
    const slots = Array.from({ length: SLOTS }, (_, i) => addressOf(scheme.subnet, i + 1)).filter((at) => at !== own)
    assert.ok(slots.includes(other))
    const here = [gatewayOf(scheme.subnet), await bridgeAddress(), addressBesideLoopback()]
    const targets = [
      ...slots.flatMap((at) => USUAL.map((port) => `${at}:${port}`)),
      ...here.flatMap((at) => [...USUAL, lotan.port, service.port].map((port) => `${at}:${port}`)),
    ]
    try {
      const scanning = scanned(lotan, targets, ms)
      await measure()
      const { ends, connected } = await scanning
      assert.deepEqual(connected, [])
      assert.ok(Object.values(ends).reduce((sum, count) => sum + count, 0) >= targets.length)
      // That it scans at all.
      assert.deepEqual((await scanned(lotan, [`${own}:80`], 0)).connected, [`${own}:80`])
      return `none of ${targets.length} was reached: ${JSON.stringify(ends)}`
    } finally {
      service.close()
    }
  },
})

export const metadata = (ms: number): Attack => ({
  name: "a preview that asks for a cloud's metadata",
  tag: TAG,
  build: (reference) => buildApp(reference),
  async run({ lotan }, measure) {
    await lotan.click(TAG, '/plain')
    const dropped = () => droppedBy(lotan.config.instance, '169.254.0.0/16')
    const before = await dropped()
    const targets = METADATA_PORTS.map((port) => `${METADATA}:${port}`)
    const scanning = scanned(lotan, targets, ms)
    await measure()
    const { ends, connected } = await scanning
    assert.deepEqual(connected, [])
    const packets = (await dropped()) - before
    // This machine may be in no cloud, and then nothing would answer anyway.
    assert.ok(packets >= Object.values(ends).reduce((sum, count) => sum + count, 0), `${packets} were dropped`)
    return `it was never reached: ${packets} packets dropped, ${JSON.stringify(ends)}`
  },
})
