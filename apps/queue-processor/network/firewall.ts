/**
 * What lies between previews and everything else. Where Lotan runs in a container itself, it joins the previews' network
 * and lets itself through to them; everywhere, previews are kept off the machine's own services and what clouds tell it.
 */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import { promisify } from 'node:util'
import type { Config, Place } from '../../shared/config/config.ts'
import { EngineError, type Engine, type OwnContainer } from '../../shared/engine/engine.ts'
import type { Log } from '../../shared/log.ts'
import { frontOf } from '../../shared/slots/slots.ts'
import { ownContainer } from '../../shared/engine/own-container-id.ts'
import { lookOf, NO_CHAIN, scriptOf } from './firewall-rules.ts'

const run = promisify(execFile)
/** Who lets a connection wait for this long is not there, or is kept from answering. */
const SILENT_MS = 1_000

export type Firewall = ReturnType<typeof openFirewall>

/** Nothing is asked yet. */
export function openFirewall(parts: {
  engine: Pick<Engine, 'bridge' | 'ownContainer' | 'runOnHost' | 'moveTo'>
  config: Pick<Config, 'instance'>
  log: Log
}) {
  const { engine, config, log } = parts
  const { instance } = config
  /** How rules were set last: from here, or by a container of the engine's, for Lotan's own to reach previews. */
  let set: 'here' | 'there' | undefined

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
     * Joins the network and sets the rules, which is harmless when all of it is done already.
     *
     * @param subnet the network's
     * @returns what previews are not kept off from, and why; undefined where all is as it should be
     * @throws EngineError; CutOff where Lotan cannot reach its previews without what failed
     */
    async stand(subnet: string): Promise<string | undefined> {
      const own = await ownContainer(engine)
      const front = own ? await join(own, subnet) : null
      const bridge = await engine.bridge()
      const script = scriptOf({ instance, bridge, front })
      try {
        if (own) await engine.runOnHost(own.image, script)
        else await runHere(bridge, script)
      } catch (error) {
        const words = wordsOf(error)
        if (front && !isDown(error)) throw new CutOff(words)
        if (front) throw error
        // It keeps containers of one network apart by rules too.
        const eachOther = words.includes(NO_CHAIN) ? ', and each other where the engine sets no rules at all' : ''
        return `previews can reach the services of this machine itself and 169.254.0.0/16${eachOther}: ${words}`
      }
      if (!own) set = 'here'
      else if (front) set = 'there'
      return undefined
    },

    /**
     * Whether the rules are still there, as far as that can be told without the engine: on the machine itself by looking,
     * and out of Lotan's own container by whether any preview answers. True where it cannot be told.
     *
     * @param previews that run
     */
    async stands(previews: Place[]): Promise<boolean> {
      if (set === 'here') return succeeds(lookOf(config))
      if (set !== 'there' || previews.length === 0) return true
      for (const preview of previews) if (await answers(preview)) return true
      return false
    },
  }
}

/** Lotan's own container has not been let through to previews: none of them can be visited. */
export class CutOff extends EngineError {
  constructor(words: string) {
    super('start-failed', `previews cannot be reached out of Lotan's own container: ${words}`)
  }
}

function isDown(error: unknown): boolean {
  return error instanceof EngineError && error.code === 'engine-down'
}

/** Whether somebody takes or refuses a connection. One whose packets are dropped does neither. */
function answers({ host, port }: Place): Promise<boolean> {
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

/** As root, on the machine that has the network. @throws with words for the operator */
async function runHere(bridge: string, script: string): Promise<void> {
  const interfaces = fs.readFileSync('/proc/net/dev', 'utf8')
  if (!interfaces.includes(`${bridge}:`)) throw new Error("the engine's network is not on this machine")
  if (process.getuid?.() !== 0) throw new Error('only root may set firewall rules')
  await run('sh', ['-c', script], { timeout: 30_000 })
}

/** What the script wrote, else what was thrown; on one line. */
function wordsOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string }
  return (stderr?.trim() || message).replace(/\s*\n\s*/g, '; ').slice(0, 300)
}
