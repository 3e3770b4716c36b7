/**
 * Reads once between two commits of any process. The version is read first: a commit between the two reads then costs a
 * second read, never a stale one.
 */
export function untilNextCommit<T>(version: () => number, read: () => T): () => T {
  let known: { version: number; value: T } | undefined
  return () => {
    const now = version()
    if (known?.version !== now) known = { version: now, value: read() }
    return known.value
  }
}
