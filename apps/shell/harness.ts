/** The shell part's doors in a test's process, beside a queue-processor's worker: real engine, Redis, registry and database. */
import type { Actor } from '../shared/actor.ts'
import { openHarness as openProcessor } from '../queue-processor/harness.ts'
import type { ShellContext } from './context.ts'
import { openHelpers } from './helper/helpers.ts'
import { openSessions } from './sessions/open-sessions.ts'

export const anna: Actor = { who: 'anna', address: '192.0.2.1' }

export type Harness = Awaited<ReturnType<typeof openHarness>>

export async function openHarness(repository: string, env: Record<string, string> = {}) {
  const processor = await openProcessor(repository, { LOTAN_SHELL: 'on', LOTAN_SANDBOXES: '2', ...env })
  processor.startWorker()
  const { config, store, engine, nudges, deps } = processor
  const app = { config, store, nudges, log: deps.log }
  const sessions = openSessions(app)
  const context: ShellContext = {
    ...app,
    engine,
    sessions,
    helpers: openHelpers({ engine, config }, sessions.isInside),
  }
  return {
    ...processor,
    context,
    async close(): Promise<void> {
      await context.sessions.endAll({ why: 'lotan-ended' })
      await context.helpers.removeAll().catch(() => {})
      await processor.close()
    },
  }
}
