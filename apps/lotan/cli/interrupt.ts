/** Ctrl-C: what is on the screen is wiped out first. */
import { exit } from './command.ts'

const cleanups = new Set<() => void>()

export function onInterrupt(): void {
  process.once('SIGINT', () => {
    for (const cleanup of cleanups) cleanup()
    process.exit(exit.interrupted)
  })
}

/** @returns takes it back */
export function beforeInterrupt(cleanup: () => void): () => void {
  cleanups.add(cleanup)
  return () => void cleanups.delete(cleanup)
}
