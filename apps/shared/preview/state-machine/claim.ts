/** What an event takes of what all previews share: the store gives it, or the event changes nothing. */
import type { Event } from '../event.ts'

export interface Claim {
  /** One of the places of LOTAN_MAX_RUNNING, where the preview has none yet: how many there are. */
  places?: number
  /** A slot: the next one in turn, or this one. */
  slot?: 'next' | number
}

export function claimOf(event: Event): Claim {
  switch (event.type) {
    case 'pull':
      return { places: event.places }
    case 'begin':
      return { places: event.places, slot: 'next' }
    case 'replace':
    case 'slotTaken':
      return { slot: 'next' }
    case 'adopt':
      return { slot: event.generation.slot }
    default:
      return {}
  }
}
