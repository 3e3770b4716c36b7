import type { Preview, StoppedWhy, StopWhy } from '../../shared/preview/preview.ts'

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
  closed: { now: 'its pull request is closed', history: 'its pull request was closed' },
  approval: { now: 'of a fork, and not approved', history: 'its pull request comes from a fork and is not approved' },
}

/** Follows `red was `. */
export const endWords: Record<StoppedWhy, string> = {
  asked: 'stopped by somebody else',
  idle: 'stopped, since nobody used it',
  lifetime: 'stopped: its lifetime is over',
  room: 'stopped to make room for another preview',
  disk: 'stopped to make room on the disk of the engine',
  moved: 'stopped, since previews are reached in another way now',
  closed: 'stopped: its pull request is closed',
  approval: 'stopped: its pull request comes from a fork and is not approved',
  exited: 'stopped: its container ended by itself',
  ahead: 'stopped by somebody else',
  copied: 'stopped by somebody else',
  renewed: 'stopped by somebody else',
}

const stoppedByAdmin = 'Somebody who runs Lotan stopped it while you were waiting.'

/** For who waits for it. */
const endedWhy: Record<StoppedWhy, string> = {
  asked: stoppedByAdmin,
  idle: 'It was stopped, since nobody used it.',
  lifetime: 'It was stopped: its lifetime is over.',
  room: 'It was stopped to make room for another preview.',
  disk: 'It was stopped to make room on the disk of this server.',
  moved: 'It was stopped, since previews are reached in another way now.',
  closed: 'It was stopped: its pull request is closed.',
  approval: 'It was stopped: its pull request has to be approved first.',
  exited: 'Its container ended by itself.',
  ahead: stoppedByAdmin,
  copied: stoppedByAdmin,
  renewed: 'A newer image of it is here.',
}

/** Of one that does not start by itself now. */
export function endedWords(preview: Preview): string {
  const isStopped = preview.state === 'stopping' || preview.state === 'stopped'
  return isStopped ? endedWhy[preview.why] : 'Somebody who runs Lotan removed it.'
}
