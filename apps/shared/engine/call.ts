/** One question to the engine: with a deadline, so that an engine that hangs is as good as one that is down. */
import { EngineError, engineError } from './error.ts'

/** Long enough for an engine under load, short enough for a person who waits. */
export const ASK_MS = 15_000

/**
 * Asks the engine.
 *
 * @param doing what is being done, for the error's message: `inspecting red`
 * @param ask gets what the client's options must hold for the request to be ended
 * @param options.ms the deadline, milliseconds; 0 for none
 * @param options.signal the caller's own wish to end it; what it was aborted with is thrown as it is
 * @throws EngineError
 */
export async function call<T>(
  doing: string,
  ask: (asked: { abortSignal: AbortSignal }) => Promise<T>,
  options: { ms?: number; signal?: AbortSignal; kind?: Parameters<typeof engineError>[1] } = {},
): Promise<T> {
  const { ms = ASK_MS, signal: outer, kind } = options
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
    // The client never calls back when a connection ends in the middle of an answer: the race ends that wait too.
    return await Promise.race([ask({ abortSignal: ending.signal }), ended.promise])
  } catch (error) {
    if (outer?.aborted) throw outer.reason
    throw engineError(error, kind)
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', cancel)
  }
}
