/** The directory in which nginx keeps what the router said of routes. */
import { existsSync } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { Config } from '../../shared/config/config.ts'

/**
 * Makes the directory anew, empty. It is in memory where there is such a place: on a full disk nginx could not write an
 * answer down, and drops the connection of a client whose answer it cannot write.
 */
export async function emptyRoutes(config: Pick<Config, 'instance' | 'runDir'>): Promise<string> {
  const routes = inMemory(config)
  try {
    await forgetRoutes(config)
    // Another user cannot have made it beforehand: mkdir fails where it exists.
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
 * Whether the directory was removed, as systemd does of a user with all that is theirs in /dev/shm when they log out
 * (RemoveIPC). nginx then drops connections, since it cannot write down a route.
 */
export function hasLostRoutes(config: Pick<Config, 'instance' | 'runDir'>): boolean {
  return !existsSync(inMemory(config)) && !existsSync(onDisk(config))
}

/** Removes it, once nginx has ended. @throws where it is another user's */
export async function forgetRoutes(config: Pick<Config, 'instance'>): Promise<void> {
  await fs.rm(inMemory(config), { recursive: true, force: true })
}

function inMemory({ instance }: Pick<Config, 'instance'>): string {
  return `/dev/shm/lotan-${instance}`
}

function onDisk({ runDir }: Pick<Config, 'runDir'>): string {
  return path.join(runDir, 'nginx', 'routes')
}
