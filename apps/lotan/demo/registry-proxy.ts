/**
 * For an engine outside of Lotan's container: both must reach the registry as `127.0.0.1:PORT`, but have different
 * loopbacks. A second container publishes that port on the engine's loopback and forwards to Lotan. It joins Lotan's
 * PID namespace, so the kernel ends it with Lotan's container.
 */
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../shared/config/config.ts'
import { EngineError, openEngine, type CreateOptions, type Engine } from '../../shared/engine/engine.ts'
import { ownContainer } from '../../shared/engine/own-container-id.ts'

const PAUSE_MS = 250
/** Enough for the engine to finish removing the last one. */
const MOST_TRIES = 40

/** @returns undefined when Lotan and the engine share a loopback @throws with words for the operator: no engine */
export async function findRegistryProxy(config: Pick<Config, 'dockerHost' | 'instance'>, signal: AbortSignal) {
  const engine = openEngine(config)
  const own = await ownContainer(engine).catch((error: Error) => {
    throw new Error(`REPOSITORY is not set, and the demo needs the engine, which does not answer: ${error.message}`)
  })
  if (!own || own.onHost) return undefined
  const { id, image, outer } = own
  if (!outer) throw new Error('the demo needs a network: this container is on none')
  const options = (port: number): CreateOptions => ({
    name: `lotan-registry-${config.instance}`,
    Image: image,
    Entrypoint: ['node', path.join(import.meta.dirname, 'registry-forwarder.ts'), outer.address, String(port)],
    Cmd: [],
    User: '65534:65534',
    Labels: { 'lotan.managed': 'true', 'lotan.instance': config.instance },
    Healthcheck: { Test: ['NONE'] },
    ExposedPorts: { [`${port}/tcp`]: {} },
    HostConfig: {
      NetworkMode: outer.network,
      PidMode: `container:${id}`,
      PortBindings: { [`${port}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: String(port) }] },
      AutoRemove: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Memory: 128 * 1024 ** 2,
    },
  })

  return {
    /** @returns where Lotan's registry must listen; undefined when the port is taken on the engine's machine */
    async open(port: number): Promise<string | undefined> {
      let container: string
      try {
        container = await replace(engine, options(port), signal)
      } catch (error) {
        if (/port is already allocated|address already in use/i.test((error as Error).message)) return undefined
        throw error
      }
      const address = (await engine.ownContainer(container))?.outer?.address
      if (!address) throw new Error("the container that leads the engine to the demo's registry ended at once")
      void keepOpen(engine, container, options(port), signal)
      return address
    },
  }
}

/** It ends when its container is removed or the engine restarts. */
async function keepOpen(engine: Engine, container: string, options: CreateOptions, signal: AbortSignal): Promise<void> {
  for (let id = container; !signal.aborted;) {
    await engine.wait(id, signal).catch(() => {})
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => {})
    if (!signal.aborted) id = await replace(engine, options, signal).catch(() => id)
  }
}

async function replace(engine: Engine, options: CreateOptions, signal: AbortSignal): Promise<string> {
  const id = await create(engine, options, signal)
  try {
    await engine.start(id)
  } catch (error) {
    await engine.remove(id)
    throw error
  }
  return id
}

async function create(engine: Engine, options: CreateOptions, signal: AbortSignal): Promise<string> {
  for (let tries = 1; ; tries++) {
    await engine.remove(options.name!)
    try {
      return await engine.create(options)
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'taken' || tries === MOST_TRIES) throw error
      await sleep(PAUSE_MS, undefined, { signal })
    }
  }
}
