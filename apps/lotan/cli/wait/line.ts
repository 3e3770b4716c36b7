import type { PreviewId } from '../../../shared/preview/preview-id.ts'
import { words, type Seen } from './seen.ts'

const BAR = 20
const NARROW_BAR = 10

/** Never longer than `columns`: the least important parts go first. @param elapsed milliseconds */
export function lineOf(id: PreviewId, seen: Seen, elapsed: number, columns: number): string {
  const { percent, progress, usual } = seen
  // Before the registry has told the layers' sizes there is nothing to measure by.
  const isMeasured = seen.stage === 'pulling' && percent !== null && progress !== null && progress.total > 0
  const time = duration(elapsed)
  const times = usual === null ? time : `${time}, usually ${usually(usual)}`
  const layers = isMeasured && progress.layers > 0 ? `${progress.layersDone} of ${progress.layers} layers` : ''
  const sizes = isMeasured && progress.phase !== 'unpacking' ? sizesOf(progress.bytes, progress.total) : ''
  const done = isMeasured ? `${String(percent).padStart(3)} %` : ''
  const bar = (width: number) => (isMeasured ? barOf(percent, width) : '')
  const stage = words(seen)
  const lines = [
    [id, stage, bar(BAR), done, sizes, layers, times],
    [id, stage, bar(BAR), done, sizes, times],
    [id, bar(BAR), done, sizes, times],
    [id, bar(NARROW_BAR), done || stage, times],
    [id, done || stage, time],
  ].map((parts) => parts.filter(Boolean).join('  '))
  return (lines.find((line) => line.length <= columns) ?? lines.at(-1)!).slice(0, columns)
}

/** `8 s`, `1 min 40 s`, `1 h 22 min`. Rounded down. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  const minutes = Math.floor(seconds / 60)
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`
}

export function took(ms: number): string {
  return ms < 59_950 ? `${(ms / 1_000).toFixed(1)} s` : duration(ms + 500)
}

/** In whole seconds: it is an estimate. */
export function usually(ms: number): string {
  return ms < 1_000 ? 'under 1 s' : duration(ms + 500)
}

function barOf(percent: number, width: number): string {
  const full = Math.floor((percent / 100) * width)
  return `[${'='.repeat(full)}${' '.repeat(width - full)}]`
}

/** `12.3 of 30.1 MB`, as registries count. */
function sizesOf(bytes: number, total: number): string {
  const [size, unit] = total >= 1e9 ? [1e9, 'GB'] : total >= 1e6 ? [1e6, 'MB'] : [1e3, 'kB']
  const digits = unit === 'kB' ? 0 : 1
  return `${(bytes / size).toFixed(digits)} of ${(total / size).toFixed(digits)} ${unit}`
}
