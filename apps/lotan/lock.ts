/** One Lotan a data directory. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

/**
 * Takes a lock that is held until it is released or this process ends, however it ends: the kernel holds it for a child
 * that lives as long as its standard input is open.
 *
 * @param file is made when it is missing
 * @returns undefined when another process has it
 * @throws when `flock` cannot be run or the file cannot be made
 */
export async function takeLock(file: string): Promise<{ release(): Promise<void> } | undefined> {
  // Of its own process group, or a Ctrl-C in the terminal would give the lock up while Lotan still stops.
  const holder = spawn(
    'flock',
    ['--nonblock', '--conflict-exit-code', '75', file, 'sh', '-c', 'echo locked && exec cat'],
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
