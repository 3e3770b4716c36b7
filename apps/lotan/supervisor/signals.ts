/** npm passes on a Ctrl-C that the terminal has sent to the whole group: two signals this close are one. */
const TWIN_MS = 400

/**
 * Catches SIGINT, SIGTERM and SIGHUP.
 * @param impatient called on every further signal
 * @returns aborted by the first one
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
