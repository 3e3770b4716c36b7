/** What a forge did not take is not sent again and again: a conversation may be locked, a right missing, a commit gone. */
const CHANGE_MS = 30 * 60_000
/** One right for all changes: the next change need not find that out at once, too. */
const SAYING_MS = 60_000

export type Refusals = ReturnType<typeof openRefusals>

export function openRefusals(clock = () => performance.now()) {
  const ofChanges = new Map<string, number>()
  const ofAll = new Map<string, number>()
  const keyOf = (number: number, what: string) => `${what} ${number}`

  return {
    rests(number: number, what: string): boolean {
      const now = clock()
      return (ofChanges.get(keyOf(number, what)) ?? 0) > now || (ofAll.get(what) ?? 0) > now
    },

    note(number: number, what: string, isRight: boolean): void {
      const now = clock()
      for (const [key, until] of ofChanges) if (until <= now) ofChanges.delete(key)
      ofChanges.set(keyOf(number, what), now + CHANGE_MS)
      if (isRight) ofAll.set(what, now + SAYING_MS)
    },
  }
}
