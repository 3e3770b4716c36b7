/**
 * A helper is a container of Lotan's own image beside another one, whose processes and network it shares: it finds and
 * ends what a session has left there, dials its services, and is where a shell runs for an image that has none. It is
 * made when it is first needed, and ends with the container that it is beside.
 */
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { App } from '../../shared/app.ts'
import {
  EngineError,
  type Command,
  type CreateOptions,
  type Engine,
  type RunningCommand,
} from '../../shared/engine/engine.ts'
import { sandboxImage } from '../../shared/sandbox/sandbox-image.ts'

/** Its label: the id of the container that it is beside. */
export const BESIDE = 'lotan.beside'
export const BUSYBOX = '/busybox'

const MEMORY = 128 * 1024 ** 2
const PIDS = 256
/** A new one takes a third of a second: the next command mostly comes sooner. */
const UNUSED_MS = 30_000
const LOOK_MS = 5_000
/**
 * As the previews' own, and what it needs to see whose processes they are (SYS_PTRACE), and to have their root as its own
 * (SYS_CHROOT): there are none of another preview.
 */
const CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'SETGID', 'SETUID', 'SYS_CHROOT', 'SYS_PTRACE']

/** What it is beside. */
export interface Beside {
  /** The engine's id, of the container whose processes and files are meant. */
  container: string
  /** What holds its network: a sandbox by its name, or a container. */
  network: string
}

interface Helper {
  /** The engine's id. */
  made: Promise<string>
  /** Milliseconds since 1970. */
  used: number
  /** Of the commands that run in it. */
  connections: Set<Duplex>
  /** Aborted once it has gone. */
  over: AbortController
}

export type Helpers = ReturnType<typeof openHelpers>

/** @param isInside whether a session is in a container, or what one began: its helper stays */
export function openHelpers(
  { engine, config }: { engine: Engine } & Pick<App, 'config'>,
  isInside: (container: string) => boolean,
) {
  const known = new Map<string, Helper>()
  let timer: NodeJS.Timeout | undefined

  async function make({ container, network }: Beside): Promise<string> {
    const image = await sandboxImage(engine)
    const id = await engine.create({
      ...optionsOf(container, network, image),
      name: `lotan-shell-${config.instance}-${randomBytes(6).toString('hex')}`,
      Labels: { 'lotan.managed': 'true', 'lotan.instance': config.instance, [BESIDE]: container },
    })
    try {
      await engine.start(id)
    } catch (error) {
      await engine.remove(id).catch(() => {})
      throw error
    }
    return id
  }

  function helperOf(target: Beside): Helper {
    const { container } = target
    const found = known.get(container)
    timer ??= setInterval(removeUnused, LOOK_MS).unref()
    if (found) return Object.assign(found, { used: Date.now() })
    const helper: Helper = { made: make(target), used: Date.now(), connections: new Set(), over: new AbortController() }
    known.set(container, helper)
    helper.made.then((id) => engine.wait(id, helper.over.signal)).then(gone, gone)
    function gone() {
      if (known.get(container) === helper) known.delete(container)
      cut(helper)
    }
    return helper
  }

  async function start(target: Beside, command: Command): Promise<RunningCommand> {
    const helper = helperOf(target)
    const running = await engine.startCommand(await helper.made, command)
    const { input } = running
    helper.connections.add(input)
    input.once('close', () => helper.connections.delete(input))
    if (helper.over.signal.aborted) input.destroy()
    return running
  }

  async function remove(container: string): Promise<void> {
    const helper = known.get(container)
    if (!helper) return
    known.delete(container)
    cut(helper)
    const id = await helper.made.catch(() => undefined)
    if (id !== undefined) await engine.remove(id)
  }

  function removeUnused() {
    const since = Date.now() - UNUSED_MS
    for (const [container, one] of known) {
      if (one.used > since || isInside(container)) continue
      // An engine that is away is asked again.
      void remove(container).catch(() => known.set(container, known.get(container) ?? one))
    }
    if (known.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  return {
    /** Made anew where another program has removed it. @throws EngineError */
    async run(target: Beside, command: Command): Promise<RunningCommand> {
      try {
        return await start(target, command)
      } catch (error) {
        if (!(error instanceof EngineError) || error.code === 'engine-down') throw error
        known.delete(target.container)
        return start(target, command)
      }
    },

    /** No session is inside any more. */
    remove,

    /** Of this and of an earlier process. */
    async removeAll(): Promise<void> {
      for (const helper of known.values()) cut(helper)
      known.clear()
      await engine.removeLabelled(BESIDE)
    },
  }
}

/** The engine leaves the connections of commands open when their container goes. */
function cut({ over, connections }: Helper) {
  over.abort()
  for (const connection of connections) connection.destroy()
}

function optionsOf(container: string, network: string, image: string): CreateOptions {
  return {
    Image: image,
    Entrypoint: [BUSYBOX, 'sleep', '2147483647'],
    Cmd: [],
    User: '0:0',
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      PidMode: `container:${container}`,
      NetworkMode: `container:${network}`,
      RestartPolicy: { Name: 'no' },
      AutoRemove: true,
      Init: false,
      ReadonlyRootfs: true,
      Memory: MEMORY,
      MemorySwap: MEMORY,
      PidsLimit: PIDS,
      SecurityOpt: ['no-new-privileges'],
      CapDrop: ['ALL'],
      CapAdd: CAPABILITIES,
      LogConfig: { Type: 'none', Config: {} },
    },
  }
}
