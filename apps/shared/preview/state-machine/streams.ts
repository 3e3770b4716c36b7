/**
 * A forgotten tab opens its streams again seconds after they were cut, for ever. So those that are open when a preview
 * goes rest with it, and do not wake it, until a person comes or it runs again.
 */
import type { Event } from '../event.ts'
import type { Preview } from '../preview.ts'

/** `rest`: those that are open now do not wake it. `return`: those that rested are like all others again. */
export function streamsAfter(event: Event, becomes: Preview): 'rest' | 'return' | undefined {
  switch (event.type) {
    case 'start':
      // Lotan starts it again by itself, or another preview calls it: no person has come for it.
      if (event.visited === undefined && event.by !== 'retry' && event.by !== 'reaper') return 'return'
      break
    case 'restart':
      return 'return'
    case 'stop':
      // What is only made anew elsewhere may be in use.
      if (event.why === 'moved') return undefined
      return 'rest'
    case 'pause':
    case 'freeze':
    case 'remove':
      return 'rest'
    case 'exited':
      if (becomes.state !== 'running') return 'rest'
  }
  return becomes.state === 'running' ? 'return' : undefined
}
