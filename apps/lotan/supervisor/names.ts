/** Not in processes.ts, which imports most of Lotan: a container's health check loads these names every 10 s. */
export const names = ['redis', 'registry', 'router', 'queue-processor', 'reaper', 'forge', 'shell', 'nginx'] as const
export type Name = (typeof names)[number]
