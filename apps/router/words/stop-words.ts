import type { StoppedWhy, StopWhy } from '../../shared/preview/preview.ts'

interface StopWords {
  /** In a list, while it stops. */
  now: string
  history: string
}

export const stopWords: Record<StopWhy, StopWords> = {
  asked: { now: 'asked to', history: 'asked to' },
  idle: { now: 'idle', history: 'nobody used it' },
  lifetime: { now: 'its lifetime is over', history: 'its lifetime was over' },
  room: { now: 'makes room', history: 'to make room for another' },
  disk: { now: 'makes room on the disk', history: 'to make room on the disk' },
  moved: { now: 'previews are reached in another way now', history: 'previews are reached in another way now' },
}

/** Follows `red was `. */
export const endWords: Record<StoppedWhy, string> = {
  asked: 'stopped by somebody else',
  idle: 'stopped, since nobody used it',
  lifetime: 'stopped: its lifetime is over',
  room: 'stopped to make room for another preview',
  disk: 'stopped to make room on the disk of the engine',
  moved: 'stopped, since previews are reached in another way now',
  exited: 'stopped: its container ended by itself',
  ahead: 'stopped by somebody else',
  renewed: 'stopped by somebody else',
}
