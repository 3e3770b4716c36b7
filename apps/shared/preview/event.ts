import type { Reason } from './failure-reason.ts'
import type { Notice } from './notice.ts'
import type { Image, StartedBy, StopWhy } from './preview.ts'
import type { Routed } from './generation.ts'
import type { Pairs } from './pair.ts'
import type { Copy } from './copy.ts'

export type Event =
  /** `visit` heeds the rest after a failure, all others do not. */
  | {
      type: 'start'
      by: StartedBy
      /** Where another preview's call makes it: the visit that the call goes back to, milliseconds since 1970. */
      visited?: number
    }
  | { type: 'stop'; why: StopWhy }
  | { type: 'pause' }
  /** From here on its container is frozen; or another program has frozen it. */
  | { type: 'freeze'; generation: number }
  /** `unfit`: the container could not be frozen, which is not tried again soon. */
  | { type: 'woken'; generation: number; unfit?: true }
  /** Lotan took it for idle, but it is in use; its route has just gone. */
  | { type: 'inUse' }
  | { type: 'restart' }
  | { type: 'remove' }
  /** `places`: how many previews may be up at once. */
  | { type: 'pull'; places: number }
  /** `number`, here and below: which asking for a newer image this answers; undefined where there was none. */
  | { type: 'pulled'; image: Image; number?: number }
  /** `found`, `absent`: whether the engine has the image. `isOffered`: the registry's list has the tag. */
  | { type: 'found'; image: Image }
  | { type: 'absent'; isOffered: boolean }
  /** The registry has the tag, or a newer image; or it could not be asked whether it has the tag. */
  | { type: 'exists' }
  | { type: 'imageGone' }
  /** Its image is here, and one that a service of its stack has is not. */
  | { type: 'lacks' }
  | { type: 'missing' }
  /** The store fills in `slot` and `sandbox`, here and below, inside its transaction. */
  | {
      type: 'begin'
      places: number
      port: number
      pairs?: Pairs
      trusted?: boolean
      stack?: string
      slot?: number
      sandbox?: number | null
    }
  | { type: 'ahead'; image: Image }
  | { type: 'unlisted' }
  /** `digest`: the registry has told of a newer image; without it a person, or a program, asks for the newest one. */
  | { type: 'refresh'; digest?: string }
  | { type: 'current'; number?: number }
  /** `rest`: milliseconds in which no start tries again. */
  | { type: 'notRenewed'; reason: Reason; number?: number; rest?: number }
  | { type: 'renewed'; image: Image; number?: number }
  | {
      type: 'replace'
      port: number
      pairs?: Pairs
      trusted?: boolean
      stack?: string
      slot?: number
      sandbox?: number | null
    }
  | { type: 'left'; generation: number }
  | { type: 'created'; generation: number; container: string }
  /** What is coming up cannot have its slot: another program has the address, or its sandbox is gone. It takes another. */
  | { type: 'slotTaken'; generation: number; slot?: number; sandbox?: number | null }
  | { type: 'started'; generation: number }
  | { type: 'answered'; generation: number; notices: readonly Notice[] }
  /** While it starts: it listens on these, and not on its port. None: that is over. */
  | { type: 'elsewhere'; generation: number; port: number; listens: string[] }
  | { type: 'fail'; reason: Reason }
  /** Without Lotan asking for it. `gone`: not only the process ended, the container itself is gone. */
  | { type: 'exited'; generation: number; reason: Reason; gone: boolean }
  /** A container has written more to the disk than it may, or so fast that the disk would be full. */
  | { type: 'diskOver'; generation: number; reason: Reason }
  | { type: 'curbed'; generation: number; curbed: boolean }
  /** A click cannot call it back any more. */
  | { type: 'ending' }
  | { type: 'ended' }
  | { type: 'removed' }
  | { type: 'cleaned' }
  | { type: 'forget' }
  /** `until`: milliseconds since 1970; null: until it is unpinned. */
  | { type: 'pin'; until: number | null }
  | { type: 'unpin' }
  /** It is removed at that time, milliseconds since 1970, unless it is kept. */
  | { type: 'removeSoon'; at: number }
  | { type: 'keep' }
  /** A running container of this instance without a row: the database was lost. `frozen`: it is paused. */
  | { type: 'adopt'; generation: Routed; image: Image; frozen: boolean; copy?: Copy; until?: number | null }
  /** All of a copy is here. `until`: the end of its pin, milliseconds since 1970; null: none. */
  | { type: 'copied'; copy: Copy; image: Image; until: number | null }

export type EventType = Event['type']
/** How far a start is is no news: the history does not tell it. */
export const untold = ['absent', 'exists', 'elsewhere'] as const satisfies EventType[]
export type ToldType = Exclude<EventType, (typeof untold)[number]>
export type EventOf<E extends EventType> = Extract<Event, { type: E }>
