/** Ctrl-C and its kin. */

/** npm passes a Ctrl-C on that the terminal has sent to everybody already: twins this close are one. */
const TWIN_MS = 400

/**
 * From here on a signal to end is heard instead of ending this process.
 *
 * @param impatient is called on every further signal
 * @returns a signal that is aborted by the first one
 */
export function onSignals(impatient: () => void): AbortSignal {
  const ending = new AbortController()
  let first: number | undefined
  const hear = () => {
    const now = performance.now()
    first ??= now
    if (now - first > TWIN_MS) impatient()
    ending.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, hear)
  return ending.signal
}
