/**
 * What lies between previews and everything else. Where Lotan runs in a container itself, it joins the previews' network
 * and lets itself through to them; everywhere, previews are kept off the machine's own services and what clouds tell it.
 */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import { promisify } from 'node:util'
import type { Config } from '../shared/config.ts'
import type { Engine, OwnContainer } from '../shared/engine.ts'
import type { Log } from '../shared/log.ts'
import { frontOf } from '../shared/slots.ts'
import { ownContainer } from '../shared/own-container.ts'
import { scriptOf } from './rules.ts'

const run = promisify(execFile)

export type Firewall = ReturnType<typeof openFirewall>

/** Nothing is asked yet. */
export function openFirewall(parts: {
  engine: Pick<Engine, 'bridge' | 'ownContainer' | 'runOnHost' | 'moveTo'>
  config: Pick<Config, 'instance'>
  log: Log
}) {
  const { engine, config, log } = parts
  const { instance } = config

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
     * @throws EngineError where Lotan cannot reach its previews without what failed
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
        if (front) throw error
        return `previews can reach the services of this machine itself and 169.254.0.0/16: ${wordsOf(error)}`
      }
      return undefined
    },
  }
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
