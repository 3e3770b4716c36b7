import { existsSync } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { Config } from '../../shared/config/config.ts'

/**
 * In memory where possible: on a full disk nginx cannot store a response, and then drops the client's connection.
 * @returns the new, empty directory; relative to the run directory where it is on disk
 */
export async function emptyRoutes(config: Pick<Config, 'instance' | 'runDir'>): Promise<string> {
  const routes = inMemory(config)
  try {
    await forgetRoutes(config)
    // mkdir fails where another user has made it beforehand.
    await fs.mkdir(routes, { mode: 0o700 })
    return routes
  } catch {
    const otherwise = onDisk(config)
    await fs.rm(otherwise, { recursive: true, force: true })
    await fs.mkdir(otherwise, { mode: 0o700 })
    return path.relative(config.runDir, otherwise)
  }
}

/**
 * While nginx runs: it asks for each route anew. It reckons by the time of day, so after a step back of the clock a route
 * that it may use for 2 s would be used for as long as the step was. Files are cut off, not removed: it keeps them open.
 */
export async function dropRoutes(config: Pick<Config, 'instance' | 'runDir'>): Promise<void> {
  for (const routes of [inMemory(config), onDisk(config)]) {
    const found = await fs.readdir(routes, { withFileTypes: true, recursive: true }).catch(() => [])
    // nginx may be replacing it.
    for (const entry of found)
      if (entry.isFile()) await fs.truncate(path.join(entry.parentPath, entry.name)).catch(() => {})
  }
}

/** At logout systemd removes a user's files in /dev/shm (RemoveIPC): nginx cannot store routes, drops connections. */
export function hasLostRoutes(config: Pick<Config, 'instance' | 'runDir'>): boolean {
  return !existsSync(inMemory(config)) && !existsSync(onDisk(config))
}

/** Only once nginx has ended. @throws where it is another user's */
export async function forgetRoutes(config: Pick<Config, 'instance'>): Promise<void> {
  await fs.rm(inMemory(config), { recursive: true, force: true })
}

export function inMemory({ instance }: Pick<Config, 'instance'>): string {
  return `/dev/shm/lotan-${instance}`
}

function onDisk({ runDir }: Pick<Config, 'runDir'>): string {
  return path.join(runDir, 'nginx', 'routes')
}
