/** One pull: with the login there is, and once more with a newer one. */
import { furthest } from '../shared/engine-progress.ts'
import { EngineError } from '../shared/engine.ts'
import type { Login } from '../shared/logins.ts'
import type { Image, Progress } from '../shared/preview.ts'
import type { Parts } from './parts.ts'

/** Progress is written at most this often: every write wakes whoever watches. */
const TELL_EVERY_MS = 250

interface Wish {
  tag: string
  signal: AbortSignal
  /** Told how far it is; nobody is where nobody waits for it. */
  onProgress?: (progress: Progress) => void
}

/**
 * Brings a tag's image here.
 * @throws EngineError, or the registry's own
 */
export async function pull(
  { engine, registry, config, waits }: Pick<Parts, 'engine' | 'registry' | 'config' | 'waits'>,
  { tag, signal, onProgress }: Wish,
): Promise<'pulled' | 'missing'> {
  const reference = `${config.repository}:${tag}`
  const attempt = (auth?: Login) => engine.pull(reference, { onProgress, signal, auth, stallAfter: waits.stall })
  try {
    const login = await registry.authFor(reference)
    try {
      await attempt(login)
    } catch (error) {
      if (!login || !isRefused(error)) throw error
      // A token can end early, and a helper may know a newer login.
      const newer = await registry.authFor(reference, login)
      if (!newer) throw error
      await attempt(newer)
    }
    return 'pulled'
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'missing') throw error
    // Most registries say the same of a tag they do not have and of one in a repository they do not have.
    if (await registry.hasRepository()) return 'missing'
    throw new EngineError('no-repository', error.message, { cause: error })
  }
}

/** The same for a preview that is `pulling`: whoever waits for it sees how far it is. */
export async function pullAndTell(parts: Parts, { tag, signal }: Wish): Promise<'pulled' | 'missing'> {
  const { store } = parts
  // After a restart of this process, what was told before it still stands.
  const preview = store.get(tag)
  let told = preview?.state === 'pulling' ? preview.progress : null
  let latest = told
  const tell = () => {
    if (latest && latest !== told) store.progress(tag, (told = latest))
  }
  const onProgress = (progress: Progress) => void (latest = furthest(latest, progress))
  // It waits for room no longer.
  if (latest?.waitsFor) onProgress(latest)
  tell()
  const timer = setInterval(tell, TELL_EVERY_MS)
  try {
    return await pull(parts, { tag, signal, onProgress })
  } finally {
    clearInterval(timer)
  }
}

/** An image that Lotan pulled is one that it may remove, whatever becomes of its name. */
export function notePulled({ store, config }: Parts, tag: string, { id, digest }: Image): void {
  if (digest) store.pulled.note({ tag, id, repository: config.repository, digest })
}

function isRefused(error: unknown): boolean {
  return error instanceof EngineError && (error.code === 'credentials' || error.code === 'token-expired')
}
