/** One Lotan a data directory, or one of each part where each has a launcher of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

export interface Lock {
  release(): Promise<void>
}

/**
 * Takes what a launcher needs to have for itself. One that runs everything has the data directory; those that run some
 * parts share that, and each has its parts.
 *
 * @param parts null for everything
 * @returns undefined when another launcher has any of it
 */
export async function takeLocks(dataDir: string, parts: readonly string[] | null): Promise<Lock | undefined> {
  const whole = { file: 'lock', shared: parts !== null }
  const locks: Lock[] = []
  const release = async () => void (await Promise.all(locks.map((lock) => lock.release())))
  for (const { file, shared } of [whole, ...(parts ?? []).map((part) => ({ file: `lock-${part}`, shared: false }))]) {
    const lock = await takeLock(path.join(dataDir, file), { shared })
    if (!lock) {
      await release()
      return undefined
    }
    locks.push(lock)
  }
  return { release }
}

/**
 * Takes a lock that is held until it is released or this process ends, however it ends: the kernel holds it for a child
 * that lives as long as its standard input is open.
 *
 * @param file is made when it is missing
 * @param options.shared several may have it, as long as all of them share it
 * @returns undefined when another process has it
 * @throws when `flock` cannot be run or the file cannot be made
 */
export async function takeLock(file: string, { shared = false } = {}): Promise<Lock | undefined> {
  // Of its own process group, or a Ctrl-C in the terminal would give the lock up while Lotan still stops.
  const holder = spawn(
    'flock',
    [
      ...['--nonblock', '--conflict-exit-code', '75', shared ? '--shared' : '--exclusive'],
      ...[file, 'sh', '-c', 'echo locked && exec cat'],
    ],
    {
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  const ended = once(holder, 'exit')
  const [first] = (await Promise.race([once(holder.stdout, 'data'), ended])) as [Buffer | number | null]
  if (first === 75) return undefined
  if (first === null || typeof first === 'number') throw new Error(`flock ended with status ${first}`)
  holder.stdout.destroy()
  holder.unref()
  return {
    async release() {
      holder.ref()
      holder.stdin.end()
      await ended
    },
  }
}
