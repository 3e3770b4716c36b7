/** The way in by SSH: begins once there are keys, and takes no connection before. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ShellContext } from '../context.ts'
import { serveConnection } from './connection.ts'
import { hostKeyIn } from './host-key.ts'
import { watchKeys } from './keys/watch-keys.ts'
import { openServer, usualWaits } from './server.ts'
import { watchWrongKeys } from './wrong-keys.ts'

/** The port may be another program's for a moment. */
const RETRY_MS = 5_000

export interface Ssh {
  /** Where it listens, once it does. */
  port: () => number | null
  lookForKeys: () => void
  close: () => Promise<void>
}

/** @throws where the host's key cannot be used */
export function openSsh(
  context: ShellContext,
  { listen, keys: file }: { listen: { host: string; port: number }; keys: string },
  signal: AbortSignal,
  waits = usualWaits,
): Ssh {
  const { config, log } = context
  const hostKey = hostKeyIn(config.dataDir)
  const keys = watchKeys(file, log, signal)
  const wrongKeys = watchWrongKeys(log)
  const { server, close } = openServer(hostKey, keys, wrongKeys, (...one) => serveConnection(context, ...one), waits)

  async function begin(): Promise<void> {
    const host = listen.host.replace(/^\[(.*)\]$/, '$1')
    while (!signal.aborted) {
      try {
        await once(server.listen({ host, port: listen.port }), 'listening')
        log.info({ host, port: portOf(), fingerprint: hostKey.fingerprint }, 'SSH listens')
        return
      } catch (error) {
        log.error({ host, port: listen.port, error: (error as Error).message }, 'SSH cannot listen')
        await sleep(RETRY_MS, undefined, { signal }).catch(() => {})
      }
    }
  }

  function portOf(): number | null {
    const address = server.address()
    return typeof address === 'object' ? (address?.port ?? null) : null
  }

  let hasBegun = false
  const beginOnce = () => {
    if (hasBegun || !keys.areRead()) return
    hasBegun = true
    void begin()
  }
  keys.onChange(beginOnce)
  beginOnce()
  return { port: portOf, lookForKeys: keys.look, close }
}
