/** npm repeats a Ctrl-C that the terminal has sent to the whole group: two signals this close are one. */
const SAME_SIGNAL_MS = 400

/** @param onRepeat called on every further signal @returns aborted by the first one */
export function onSignals(onRepeat: () => void): AbortSignal {
  const ending = new AbortController()
  let first: number | undefined
  const onSignal = () => {
    const now = performance.now()
    first ??= now
    if (now - first > SAME_SIGNAL_MS) onRepeat()
    ending.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  return ending.signal
}
