import type { Config } from '../../shared/config/config.ts'

/** Not in processes.ts, which imports most of Lotan: a container's health check loads these names every 10 s. */
export const names = ['redis', 'registry', 'router', 'queue-processor', 'reaper', 'forge', 'shell', 'nginx'] as const
export type Name = (typeof names)[number]

/** Where the way in is off, a launcher for it alone has nothing to run, and is well. */
export function mayRun(name: Name, config: Pick<Config, 'shell'>): boolean {
  return name !== 'shell' || config.shell !== null
}
