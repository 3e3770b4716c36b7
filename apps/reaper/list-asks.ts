/** People and programs that ask for the list of tags: it is read again for them, so that a push of a moment ago is in it. */

/** A read comes at most this often for them. */
export const ASKED_READ_MS = 5_000
/** Nobody waits for a read that may not begin before that. */
const SOON_MS = 500

export type ListAsks = ReturnType<typeof openListAsks>

/** @param clock milliseconds that no step of the time changes */
export function openListAsks(clock = () => performance.now()) {
  let next = Promise.withResolvers<void>()
  let reading: Promise<void> | undefined
  let woken = Promise.withResolvers<void>()
  let isAsked = false
  let readAt = -Infinity
  let notBefore = Infinity

  return {
    /**
     * Has the list read again where it is older than that, or soon. @param age milliseconds @returns when it was read, or
     * could not be; at once where nothing will be read for a while
     */
    async ask(age: number): Promise<void> {
      if (clock() - readAt <= age) return
      isAsked = true
      woken.resolve()
      if (reading) return reading
      if (clock() < notBefore - SOON_MS) return
      await next.promise
    },

    /** Since the last read began. */
    isAsked: () => isAsked,

    /** Resolves with the next one who asks. */
    asked: () => woken.promise,

    /** @returns what is called at its end; `pause`: milliseconds until the next one may begin */
    begin(): (pause: number, wasRead: boolean) => void {
      const done = next
      const began = clock()
      next = Promise.withResolvers()
      woken = Promise.withResolvers()
      isAsked = false
      reading = done.promise
      return (pause, wasRead) => {
        reading = undefined
        notBefore = clock() + pause
        if (wasRead) readAt = began
        done.resolve()
      }
    },
  }
}
