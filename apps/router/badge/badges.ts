/** Pure. What the badge of a preview says. */
import type { Standing } from '../../shared/forge/standing.ts'
import { startsAgain, type Preview } from '../../shared/preview/preview.ts'
import type { Badge } from './svg.ts'

const [GREY, BUSY] = ['#545d68', '#1d55bd']
const CIRCLE = '<circle cx="10" cy="10" r="3.5"/>'
const CLOCK = '<circle cx="10" cy="10" r="4.5"/><path d="M10 7.5V10l1.7 1.1"/>'

export const badges = {
  running: { text: 'running', colour: '#12672f', shape: '<path d="m6.5 10 2.5 2.5 4.5-5"/>' },
  asleep: { text: 'asleep, opens on a click', colour: GREY, shape: '<path d="M6.5 6.5h7v7h-7z"/>' },
  queued: { text: 'queued', colour: BUSY, shape: CLOCK },
  pulling: { text: 'pulling', colour: BUSY, shape: '<path d="M10 5.5v6M7.2 9 10 11.8 12.8 9M6 14.5h8"/>' },
  starting: { text: 'starting', colour: BUSY, shape: '<path d="M7.5 6v8l6-4z"/>' },
  failed: { text: 'failed', colour: '#b0241c', shape: '<path d="M10 5.5 15 14.5H5zM10 9v2M10 12.8v.01"/>' },
  asks: {
    text: 'waits for approval',
    colour: '#7f4f00',
    shape: '<circle cx="10" cy="8" r="2"/><path d="M6 14.5c.5-3 7.5-3 8 0"/>',
  },
  none: { text: 'no image yet', colour: GREY, shape: CIRCLE },
  closed: { text: 'closed', colour: GREY, shape: CIRCLE },
  merged: { text: 'merged', colour: GREY, shape: CIRCLE },
  /** The one answer for what is not known, not offered, or not for strangers. */
  unknown: { text: 'unknown', colour: GREY, shape: CIRCLE },
} as const satisfies Record<string, Badge>

export type BadgeName = keyof typeof badges

export interface BadgeFacts {
  /** As visitors see it. */
  preview: Preview | undefined
  standing: Standing
  /** Whether the registry has an image of it, as far as is known, that a click would start. */
  hasImage: boolean
}

export function badgeOf({ preview, standing, hasImage }: BadgeFacts): BadgeName {
  const { change } = standing
  // A tag that only looks like a change's is not told from one that there is not.
  if (standing.is === 'asks') return change ? 'asks' : 'unknown'
  if (standing.is === 'closed') return standing.change.state === 'merged' ? 'merged' : 'closed'
  if (standing.is === 'refused') return 'unknown'
  const without = () => (hasImage ? 'asleep' : change ? 'none' : 'unknown')
  if (!preview) return without()
  switch (preview.state) {
    case 'running':
    case 'queued':
    case 'pulling':
    case 'starting':
    case 'failed':
      return preview.state
    case 'paused':
    case 'stopping':
      return startsAgain(preview) ? 'starting' : 'asleep'
    case 'stopped':
      return 'asleep'
    case 'removing':
    case 'unknown':
      return startsAgain(preview) ? 'starting' : without()
  }
}
