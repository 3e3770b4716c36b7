/** What an event takes of what all previews share: the store gives it, or the event changes nothing. */
import type { Event } from '../event.ts'
import { generationsOf, type Preview } from '../preview.ts'
import { keptOf } from './start.ts'

export interface Claim {
  /** One of the places of LOTAN_MAX_RUNNING, where the preview has none yet: how many there are. */
  places?: number
  /** A slot: the next one in turn, or this one. */
  slot?: 'next' | number
  /** The sandbox whose slot is meant: this one, or one that stands ready for an application on this port. */
  sandbox?: { number: number } | { port: number }
}

export function claimOf(event: Event, was: Preview | undefined): Claim {
  switch (event.type) {
    case 'pull':
      return { places: event.places }
    case 'begin': {
      const kept = was && keptOf(was, event)
      const own = kept?.sandbox == null ? undefined : { number: kept.sandbox }
      return { places: event.places, slot: 'next', sandbox: kept ? own : { port: event.port } }
    }
    case 'replace':
      return { slot: 'next', sandbox: { port: event.port } }
    case 'slotTaken': {
      const pending = was && generationsOf(was).find(({ number }) => number === event.generation)
      return { slot: 'next', sandbox: pending && { port: pending.port } }
    }
    case 'adopt':
      return { slot: event.generation.slot }
    default:
      return {}
  }
}
