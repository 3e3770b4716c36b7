/** The last bytes of what was said, for a client that comes back. Pure. */

/** @param most bytes that it keeps */
export function openTail(most: number) {
  let parts: Buffer[] = []
  let kept = 0
  let said = 0

  return {
    /** How many bytes were said in all. */
    said: (): number => said,

    add(bytes: Buffer): void {
      said += bytes.length
      parts.push(bytes)
      kept += bytes.length
      while (kept > most) {
        const [first] = parts as [Buffer]
        const over = Math.min(first.length, kept - most)
        if (over === first.length) parts.shift()
        else parts[0] = first.subarray(over)
        kept -= over
      }
    },

    /** @param from how many bytes are known @returns those after them, and how many of these are not kept any more */
    since(from: number): { bytes: Buffer; lost: number } {
      const missing = Math.max(0, said - from)
      const all = Buffer.concat(parts)
      parts = all.length > 0 ? [all] : []
      return { bytes: all.subarray(Math.max(0, all.length - missing)), lost: Math.max(0, missing - all.length) }
    },
  }
}
