import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

export interface Lock {
  release(): Promise<void>
}

/**
 * A launcher of everything locks the data directory alone; launchers of some processes share it, and lock each process.
 * @param processes null for everything @returns undefined when another launcher holds any of it
 */
export async function takeLocks(dataDir: string, processes: readonly string[] | null): Promise<Lock | undefined> {
  const whole = { file: 'lock', shared: processes !== null }
  const locks: Lock[] = []
  const release = async () => void (await Promise.all(locks.map((lock) => lock.release())))
  for (const { file, shared } of [
    whole,
    ...(processes ?? []).map((name) => ({ file: `lock-${name}`, shared: false })),
  ]) {
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
 * Ends with this process, even by kill -9: `flock` holds it in a child that lives while its standard input is open.
 * @returns undefined when another process holds it @throws when `flock` cannot be run or the file cannot be made
 */
export async function takeLock(file: string, { shared = false } = {}): Promise<Lock | undefined> {
  // Own process group: a Ctrl-C would release the lock while Lotan still stops.
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
