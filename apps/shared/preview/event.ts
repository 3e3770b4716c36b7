/** What may happen to a preview. What becomes of it then is transitions.ts. */
import type { Reason } from './failure-reason.ts'
import type { Notice } from './notice.ts'
import type { Image, StartedBy, StopWhy } from './preview.ts'
import type { Routed } from './generation.ts'

export type Event =
  /** It is to run. `visit` heeds the pause after a failure, all others do not. */
  | { type: 'start'; by: StartedBy }
  | { type: 'stop'; why: StopWhy }
  /** It is not in use: its route goes, and its container is frozen when that is safe. */
  | { type: 'pause' }
  /** From here on its container is frozen; or another program has frozen it. */
  | { type: 'freeze'; generation: number }
  /** Its container is not frozen any more; or could not be (`unfit`), which is not tried again soon. */
  | { type: 'woken'; generation: number; unfit?: true }
  /** What was taken for idle turned out to be in use, while its route had just gone. */
  | { type: 'inUse' }
  | { type: 'restart' }
  | { type: 'remove' }
  /** The pull lane has begun. `places` is how many previews may be up at once. */
  | { type: 'pull'; places: number }
  /** `number`, here and below: which asking for a newer image this answers; undefined where there was none. */
  | { type: 'pulled'; image: Image; number?: number }
  /** The image turned out to be on the engine already. */
  | { type: 'found'; image: Image }
  /** The engine does not have the image. `isOffered`: the registry's list has the tag. */
  | { type: 'absent'; isOffered: boolean }
  /** The registry has the tag, or an image that is newer; or it could not be asked whether it has the tag. */
  | { type: 'exists' }
  /** The image turned out not to be there, though it was thought to be. */
  | { type: 'imageGone' }
  | { type: 'missing' }
  /** The start lane has begun. `slot` is filled in by the store, inside its transaction. */
  | { type: 'begin'; places: number; port: number; slot?: number }
  /** Its image was pulled before its first click. */
  | { type: 'ahead'; image: Image }
  /** Its image is no longer one to wait for its first click: the registry does not offer the tag any more. */
  | { type: 'unlisted' }
  /** Its newest image is asked for; or the registry has told of one that is newer, by its digest. */
  | { type: 'refresh'; digest?: string }
  /** Its image is the newest one that may be had. */
  | { type: 'current'; number?: number }
  /** The newest image could not be brought here, or not even be asked about. `rest` is milliseconds. */
  | { type: 'notRenewed'; reason: Reason; number?: number; rest?: number }
  /** The registry has a newer image, and it is here. */
  | { type: 'renewed'; image: Image; number?: number }
  /** The newer image is to serve: a container of it comes up beside the one that serves. `slot` as with `begin`. */
  | { type: 'replace'; port: number; slot?: number }
  /** The container of a generation that was leaving is gone. */
  | { type: 'left'; generation: number }
  | { type: 'created'; generation: number; container: string }
  /** Another program has the address of the slot of what is coming up, which takes another. `slot` as with `begin`. */
  | { type: 'slotTaken'; generation: number; slot?: number }
  | { type: 'started'; generation: number }
  | { type: 'answered'; generation: number; notices: readonly Notice[] }
  | { type: 'fail'; reason: Reason }
  /** The container's process ended, or the container itself is gone (`gone`), without Lotan asking for it. */
  | { type: 'exited'; generation: number; reason: Reason; gone: boolean }
  /** A container has written more to the disk than it may, or so fast that the disk would be full. */
  | { type: 'diskOver'; generation: number; reason: Reason }
  /** A container makes processes without end, and gets less of the processor; or does so no more. */
  | { type: 'curbed'; generation: number; curbed: boolean }
  /** The drain is over: from here on the container is being ended and a click cannot call it back. */
  | { type: 'ending' }
  | { type: 'ended' }
  | { type: 'removed' }
  /** Container and image of a preview that is not up are gone. */
  | { type: 'cleaned' }
  | { type: 'forget' }
  /** A running container of this instance without a row: the database was lost. `frozen`: it is paused. */
  | { type: 'adopt'; generation: Routed; image: Image; frozen: boolean }

export type EventType = Event['type']
/** How far a start is with its lookup is no news: the history does not tell it. */
export const untold = ['absent', 'exists'] as const satisfies EventType[]
export type ToldType = Exclude<EventType, (typeof untold)[number]>
export type EventOf<E extends EventType> = Extract<Event, { type: E }>
