/** The bar of the waiting page: the whole way from click to first answer. It never goes back. */
import type { Preview } from '../../../shared/preview/preview.ts'
import { needsPull } from './estimate.ts'
import { isSized, stageBegan, startedAt, type Stage } from './stage.ts'

/** From `from` milliseconds after the click on the bar creeps towards `to`, and is two thirds of the way after `over`. */
export interface Creep {
  from: number
  over: number
  to: number
}

export interface Way {
  /** 0 to 100; null for a bar that only shows activity. */
  bar: number | null
  creep: Creep | null
}

/** Of the way, where an image has to be pulled; most starts take less. */
const PULL = 85
/** The first answer is what fills it. */
const MOST = 99
/** Where nothing is known of earlier starts. */
const UNKNOWN_START_MS = 5_000

/** @param start how long a start without its pull usually takes, milliseconds */
export function wayOf(preview: Preview, stage: Stage, start: number | null): Way {
  if (preview.state === 'pulling') {
    const { progress } = preview
    return { bar: isSized(progress) ? Math.floor((progress.percent * PULL) / 100) : null, creep: null }
  }
  if (stage !== 'starting' || preview.state === 'running') return { bar: null, creep: null }
  const isWaking = preview.state === 'paused'
  const from = isWaking ? 0 : Math.max(0, stageBegan(preview, stage) - startedAt(preview))
  const over = Math.max(200, Math.round((start ?? UNKNOWN_START_MS) / 2))
  return { bar: !isWaking && needsPull(preview) ? PULL : 0, creep: { from, over, to: MOST } }
}

/** views/waiting.js has the same function. @param soFar milliseconds since the click */
export function barAt({ bar, creep }: Way, soFar: number): number | null {
  if (bar === null || creep === null) return bar
  const { from, over, to } = creep
  return Math.floor(bar + (to - bar) * (1 - Math.exp(-Math.max(0, soFar - from) / over)))
}
