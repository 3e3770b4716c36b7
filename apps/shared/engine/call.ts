/** Every request has a deadline: an engine that hangs counts as down. */
import { EngineError, engineError } from './error.ts'

/** Long enough for an engine under load, short enough for a person who waits. */
export const REQUEST_MS = 15_000

/** @param doing for the error's message: `inspecting red` @throws EngineError, or the reason of `options.signal` */
export async function call<T>(
  doing: string,
  send: (abort: { abortSignal: AbortSignal }) => Promise<T>,
  options: { ms?: number; signal?: AbortSignal; kind?: Parameters<typeof engineError>[1] } = {},
): Promise<T> {
  const { ms = REQUEST_MS, signal: outer, kind } = options
  outer?.throwIfAborted()
  const ending = new AbortController()
  const ended = Promise.withResolvers<never>()
  const timer = ms > 0 ? setTimeout(late, ms) : undefined
  function late() {
    ended.reject(new EngineError('engine-down', `${doing}: the engine gave no answer in ${ms / 1000} s`))
    ending.abort()
  }
  function cancel() {
    ended.reject(outer!.reason)
    ending.abort()
  }
  outer?.addEventListener('abort', cancel, { once: true })
  try {
    // The client never settles when a connection ends in the middle of an answer: the race ends that wait too.
    return await Promise.race([send({ abortSignal: ending.signal }), ended.promise])
  } catch (error) {
    if (outer?.aborted) throw outer.reason
    throw engineError(error, kind)
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', cancel)
  }
}

/** @throws EngineError where the engine leaves out what every engine tells */
export function readAnswer<T>(doing: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    const message = `${doing}: the engine’s answer cannot be read: ${(error as Error).message}`
    throw new EngineError('engine-down', message, { cause: error })
  }
}

export async function undefinedIfMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof EngineError && error.code === 'missing') return undefined
    throw error
  }
}
