/** Reads the file of keys, and reads it anew when it changes: what cannot be used changes nothing. */
import fs from 'node:fs'
import { nextBeat } from '../../../shared/beat.ts'
import { quoted } from '../../../shared/config/values/value.ts'
import type { Log } from '../../../shared/log.ts'
import { readKeysFile, type SshKey } from './keys-file.ts'

const LOOK_MS = 2_000
const MOST_BYTES = 1_000_000

export interface Keys {
  /** By the key as SSH sends it; undefined for one that may not come. */
  find: (blob: Buffer) => SshKey | undefined
}

export type WatchedKeys = ReturnType<typeof watchKeys>

export function watchKeys(file: string, log: Log, signal: AbortSignal) {
  let keys: ReadonlyMap<string, SshKey> | null = null
  let seen = ''
  const changed = new Set<() => void>()

  function look(): void {
    const now = stampOf(file)
    if (now === seen) return
    seen = now
    const read = keysIn(file)
    if (Array.isArray(read)) {
      log.info({ file, keys: read.length }, 'keys for SSH were read')
      keys = new Map(read.map((key) => [key.blob.toString('base64'), key]))
      for (const tell of changed) tell()
    } else {
      const means = keys ? 'those that were read before stay' : 'SSH does not start before it is mended'
      log.error({ error: read.problem }, `keys for SSH cannot be used: ${means}`)
    }
  }

  look()
  void keep()

  async function keep() {
    while (!signal.aborted) {
      await nextBeat(LOOK_MS, signal)
      if (!signal.aborted) look()
    }
  }

  return {
    find: (blob: Buffer): SshKey | undefined => keys?.get(blob.toString('base64')),
    /** Whether there was a version that can be used. */
    areRead: (): boolean => keys !== null,
    onChange: (tell: () => void): void => void changed.add(tell),
    look,
  }
}

/** The message has a line for each problem. */
function keysIn(file: string): SshKey[] | { problem: string } {
  try {
    if (fs.statSync(file).size > MOST_BYTES) return { problem: `LOTAN_SSH_KEYS is ${quoted(file)}, which is too long` }
    const { keys, problems } = readKeysFile(fs.readFileSync(file, 'utf8'))
    if (problems.length === 0) return keys
    const lines = problems.map(({ line, problem }) => `LOTAN_SSH_KEYS is ${quoted(file)}: line ${line} ${problem}`)
    return { problem: lines.join('\n') }
  } catch (error) {
    return { problem: `LOTAN_SSH_KEYS is ${quoted(file)}, which cannot be read: ${(error as Error).message}` }
  }
}

function stampOf(file: string): string {
  try {
    const { ino, size, mtimeNs } = fs.statSync(file, { bigint: true })
    return `${ino} ${size} ${mtimeNs}`
  } catch (error) {
    return (error as Error).message
  }
}
