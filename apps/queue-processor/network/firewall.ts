/** Keeps previews off the machine, cloud metadata and each other; lets a containerised Lotan through to them. */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import { promisify } from 'node:util'
import type { Config, Place } from '../../shared/config/config.ts'
import { EngineError, type Engine, type OwnContainer } from '../../shared/engine/engine.ts'
import type { Log } from '../../shared/log.ts'
import { frontOf } from '../../shared/slots/slots.ts'
import { ownContainer } from '../../shared/engine/own-container-id.ts'
import { NO_CHAIN } from '../../shared/firewall-chains.ts'
import { checkScriptOf, scriptOf } from './firewall-rules.ts'

const run = promisify(execFile)
const SILENT_MS = 1_000

export type Firewall = ReturnType<typeof openFirewall>

export function openFirewall(parts: {
  engine: Pick<Engine, 'bridge' | 'ownContainer' | 'runOnHost' | 'moveTo'>
  config: Pick<Config, 'instance'>
  log: Log
}) {
  const { engine, config, log } = parts
  const { instance } = config
  /** Where rules were set last: by this process, or by a container on the engine's machine. */
  let setBy: 'here' | 'there' | undefined

  async function join(own: OwnContainer, subnet: string): Promise<string | null> {
    if (own.onHost) return null
    const front = frontOf(subnet)
    if (own.address !== front) {
      await engine.moveTo(own.id, front)
      log.info({ container: own.id.slice(0, 12), address: front }, "joined the previews' network")
    }
    return front
  }

  return {
    /**
     * @param calls where previews reach nginx, to call those that they go with
     * @returns what previews can still reach and why @throws CutOff where Lotan's container cannot reach
     * them
     */
    async setUp(subnet: string, calls: Place | null = null): Promise<string | undefined> {
      const own = await ownContainer(engine)
      const front = own ? await join(own, subnet) : null
      const bridge = await engine.bridge()
      const script = scriptOf({ instance, bridge, subnet, front, calls })
      try {
        if (own) await engine.runOnHost(own.image, script)
        else await runHere(bridge, script)
      } catch (error) {
        const words = wordsOf(error)
        if (front && !isDown(error)) throw new CutOffError(words)
        if (front) throw error
        // The engine keeps containers apart by iptables rules too.
        const orEachOther = words.includes(NO_CHAIN) ? ', and each other where the engine sets no rules at all' : ''
        return `previews can reach the services of this machine itself and 169.254.0.0/16${orEachOther}: ${words}`
      }
      if (!own) setBy = 'here'
      else if (front) setBy = 'there'
      return undefined
    },

    /** Without the engine: lists the rules here, or sees whether any preview answers. True in doubt. */
    async isSetUp(previews: Place[]): Promise<boolean> {
      if (setBy === 'here') return succeeds(checkScriptOf(config))
      if (setBy !== 'there' || previews.length === 0) return true
      for (const preview of previews) if (await isReachable(preview)) return true
      return false
    },
  }
}

export class CutOffError extends EngineError {
  constructor(words: string) {
    super('start-failed', `previews cannot be reached out of Lotan's own container: ${words}`)
  }
}

function isDown(error: unknown): boolean {
  return error instanceof EngineError && error.code === 'engine-down'
}

/** A refusal counts as an answer: dropped packets cause neither. */
function isReachable({ host, port }: Place): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout: SILENT_MS })
    const end = (does: boolean) => {
      socket.destroy()
      resolve(does)
    }
    socket.on('connect', () => end(true))
    socket.on('error', ({ code }: NodeJS.ErrnoException) => end(code === 'ECONNREFUSED'))
    socket.on('timeout', () => end(false))
  })
}

async function succeeds(script: string): Promise<boolean> {
  return run('sh', ['-c', script], { timeout: 30_000 }).then(
    () => true,
    () => false,
  )
}

async function runHere(bridge: string, script: string): Promise<void> {
  const interfaces = fs.readFileSync('/proc/net/dev', 'utf8')
  if (!interfaces.includes(`${bridge}:`)) throw new Error("the engine's network is not on this machine")
  if (process.getuid?.() !== 0) throw new Error('only root may set firewall rules')
  await run('sh', ['-c', script], { timeout: 30_000 })
}

function wordsOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string }
  return (stderr?.trim() || message).replace(/\s*\n\s*/g, '; ').slice(0, 300)
}
