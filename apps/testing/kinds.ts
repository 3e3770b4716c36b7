/**
 * The kinds of tests, which the files' names tell: what a test may need besides npm packages.
 *
 * - `unit` (`X.test.ts`): nothing. No other program is found while they run.
 * - `parts` (`X.parts.test.ts`): programs of this machine, such as Redis, nginx, a registry, a browser. No engine.
 * - `stories` (`apps/stories/*.test.ts`, `X.engine.test.ts`): the engine too.
 */
import fs from 'node:fs'
import path from 'node:path'

export const kinds = ['unit', 'parts', 'stories'] as const
export type Kind = (typeof kinds)[number]

const root = path.resolve(import.meta.dirname, '../..')

/** @param file from the root: `apps/shared/queue.parts.test.ts` */
export function kindOf(file: string): Kind {
  if (/^apps\/stories\/|\.engine\.test\.ts$/.test(file)) return 'stories'
  return file.endsWith('.parts.test.ts') ? 'parts' : 'unit'
}

/** The test files of these kinds, from the root, the longest first: the last ones to run should be short. */
export function testFiles(of: readonly Kind[] = kinds): string[] {
  const files = fs.globSync('apps/**/*.test.ts', { cwd: root, exclude: (name) => name.endsWith('node_modules') })
  const place = (file: string) => (longest.includes(file) ? longest.indexOf(file) : longest.length)
  return files.filter((file) => of.includes(kindOf(file))).sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1))
}

/** Those that share a process: `light-unit-tests.ts`. */
export const lightUnitTests = () => testFiles(['unit']).filter((file) => !longest.includes(file))

/** By the times that a run of all tests prints at its end. Image and Compose, which start many containers, not side by side. */
export const longest = [
  'apps/stories/image.test.ts',
  'apps/checks.parts.test.ts',
  'apps/stories/storm.test.ts',
  'apps/stories/survives.test.ts',
  'apps/stories/stack.test.ts',
  'apps/stories/click.test.ts',
  'apps/stories/disk.test.ts',
  'apps/stories/contained.test.ts',
  'apps/stories/chaos.test.ts',
  'apps/stories/compose.test.ts',
  'apps/queue-processor/main.engine.test.ts',
  'apps/stories/upgrade.test.ts',
  'apps/stories/launcher.test.ts',
  'apps/queue-processor/images/registries.engine.test.ts',
  'apps/queue-processor/images/stack-images.engine.test.ts',
  'apps/queue-processor/data/snapshots.engine.test.ts',
  'apps/queue-processor/services/services.engine.test.ts',
  'apps/queue-processor/data/data.engine.test.ts',
  'apps/stories/desk.test.ts',
  'apps/stories/failures.test.ts',
  'apps/stories/restored.test.ts',
  'apps/stories/newest.test.ts',
  'apps/stories/stopping.test.ts',
  'apps/queue-processor/restart.engine.test.ts',
  'apps/stories/cold-clients.test.ts',
  'apps/stories/idle.test.ts',
  'apps/stories/paused.test.ts',
  'apps/stories/wait.test.ts',
  'apps/stories/full.test.ts',
  'apps/stories/cold-answers.test.ts',
  'apps/stories/ports.test.ts',
  'apps/stories/plain-http.test.ts',
  'apps/stories/terminal.test.ts',
  'apps/lotan/supervisor/up.parts.test.ts',
  'apps/stories/tls.test.ts',
  'apps/stories/first.test.ts',
  'apps/forge/main.parts.test.ts',
  'apps/stories/closed.test.ts',
  'apps/stories/pull-request.test.ts',
  'apps/stories/pushed.test.ts',
  'apps/stories/killed.test.ts',
  'apps/reaper/main.engine.test.ts',
  'apps/stories/memory.test.ts',
  'apps/queue-processor/sandboxes/sandboxes.engine.test.ts',
  'apps/stories/clock.test.ts',
  'apps/queue-processor/images/update-image.engine.test.ts',
  'apps/stories/lost.test.ts',
  'apps/queue-processor/images/update-check.engine.test.ts',
  'apps/stories/guesses.test.ts',
  'apps/stories/repositories.test.ts',
  'apps/stories/ahead.test.ts',
  'apps/shared/registry/registry.parts.test.ts',
  'apps/shared/queue.parts.test.ts',
  'apps/stories/command-line.test.ts',
  'apps/stories/through.test.ts',
  'apps/queue-processor/images/disk-space.engine.test.ts',
  'apps/shared/registry/login.parts.test.ts',
  'apps/router/gateway/request.test.ts',
  'apps/shared/store/disk-reserve.test.ts',
  'apps/shared/store/store.test.ts',
  'apps/shared/config/config.test.ts',
  'apps/reaper/sync-tags.test.ts',
]

/** Those that mostly wait: with what they do on the engine they use less than half a processor; or leave it to others. */
export const calm = [
  'apps/stories/image.test.ts',
  'apps/stories/stack.test.ts',
  // It computes all the time, and gives way to whatever else wants to.
  'apps/checks.parts.test.ts',
  'apps/forge/main.parts.test.ts',
  'apps/stories/pull-request.test.ts',
  'apps/queue-processor/main.engine.test.ts',
  'apps/queue-processor/images/registries.engine.test.ts',
  'apps/queue-processor/images/stack-images.engine.test.ts',
  'apps/stories/newest.test.ts',
  'apps/stories/stopping.test.ts',
  'apps/stories/terminal.test.ts',
  'apps/stories/full.test.ts',
  'apps/lotan/supervisor/up.parts.test.ts',
  'apps/reaper/main.engine.test.ts',
  'apps/stories/memory.test.ts',
  'apps/queue-processor/sandboxes/sandboxes.engine.test.ts',
  'apps/queue-processor/images/update-image.engine.test.ts',
  'apps/queue-processor/images/update-check.engine.test.ts',
  'apps/queue-processor/images/disk-space.engine.test.ts',
  'apps/queue-processor/repositories.engine.test.ts',
  'apps/queue-processor/containers/http-probe.parts.test.ts',
  'apps/router/api/routes.parts.test.ts',
  'apps/router/command-line.parts.test.ts',
  'apps/stories/first.test.ts',
  'apps/stories/lost.test.ts',
  'apps/stories/repositories.test.ts',
  'apps/shared/queue.parts.test.ts',
  'apps/shared/registry/login.parts.test.ts',
  'apps/queue-processor/network/firewall.engine.test.ts',
  'apps/queue-processor/network/port-slots.engine.test.ts',
  'apps/queue-processor/step/pause-preview.engine.test.ts',
  'apps/queue-processor/containers/watch-fork-bombs.engine.test.ts',
]
