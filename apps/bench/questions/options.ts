/**
 * What each option of a preview's container costs its start: create, start and first answer with Lotan's own options,
 * and with one of them changed.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { removeByHand } from '../../testing/harness/docker.ts'
import { freePort } from '../../testing/harness/ports.ts'
import { buildSmall } from '../../testing/images/build.ts'
import { withLotan, type Bed } from '../measure/bed.ts'
import { inRounds, type Bench } from '../measure/bench.ts'
import { answersAt, clickOn, optionsOf, startAlone, type Options } from '../measure/engine-alone.ts'

const ROUNDS = 8
const PAUSE_MS = 100

const noLimits = {
  Memory: 0,
  MemorySwap: 0,
  CpuPeriod: 0,
  CpuQuota: 0,
  CpuShares: 0,
  PidsLimit: 0,
  OomScoreAdj: 0,
  Ulimits: [],
}

/** By what differs. */
const changes: Record<string, object> = {
  'logs by local, not json-file': { LogConfig: { Type: 'local', Config: { 'max-size': '10m', 'max-file': '3' } } },
  'no init': { Init: false },
  'no seccomp': { SecurityOpt: ['no-new-privileges', 'seccomp=unconfined'] },
  'no limits': noLimits,
  'network bridge': { NetworkMode: 'bridge' },
}

export const options: Bench = {
  asks: "what each of a container's options costs its start",
  run: () =>
    withLotan({ tags: ['first'], env: { LOTAN_SANDBOXES: '0' } }, async (bed) => {
      await clickOn(bed.lotan, 'first')
      const own = await optionsOf(bed.lotan, 'first')
      const isStarted = async () => {}
      const times = await inRounds(
        {
          own: () => startOnce(bed, own),
          'own, until it is started': () => startOnce(bed, own, isStarted),
          ...Object.fromEntries(
            Object.entries(changes).map(([name, change]) => [name, () => startOnce(bed, changed(own, change))]),
          ),
          'network of a sandbox': await joining(bed, own),
          'network host': await onHost(bed, own),
          'network none': () => startOnce(bed, changed(own, { NetworkMode: 'none' }), isStarted),
        },
        { rounds: ROUNDS, warmUp: 1, between: () => sleep(PAUSE_MS) },
      )
      const { own: answered, 'own, until it is started': started, ...others } = times
      return Object.entries(others).map(([name, values]) => ({
        question: `engine's start, ${name}`,
        unit: 'ms',
        lotan: values,
        baseline:
          name === 'network none'
            ? { name: "Lotan's options, until it is started", values: started }
            : { name: "Lotan's options", values: answered },
        by: 'ratio',
      }))
    }),
}

async function startOnce(bed: Bed, options: Options, answers?: () => Promise<unknown>, image = bed.image) {
  const time = await startAlone(image, bed.alone, options, answers)
  await removeByHand(bed.alone.pop()!)
  return time
}

/** Into the network of a container that sleeps. */
async function joining(bed: Bed, own: Options): Promise<() => Promise<number>> {
  const sleeping = { ...own, Cmd: ['/bin/busybox', 'sleep', '1000'] }
  await startAlone(bed.image, bed.alone, sleeping, () => Promise.resolve())
  const NetworkMode = `container:${bed.alone[0]}`
  return () => startOnce(bed, changed(own, { NetworkMode }))
}

/** At a free port of loopback. */
async function onHost(bed: Bed, own: Options): Promise<() => Promise<number>> {
  const port = await freePort()
  const image = `${bed.registry.repository}:host`
  await buildSmall(image, 'host', { cmd: ['httpd', '-f', '-p', `127.0.0.1:${port}`, '-h', '/www'] })
  const options = changed(own, { NetworkMode: 'host' })
  return () => startOnce(bed, options, () => answersAt('127.0.0.1', port), image)
}

function changed(options: Options, change: object): Options {
  return { ...options, HostConfig: { ...(options.HostConfig as object), ...change } }
}
