import type { Progress } from '../preview/start-times.ts'

export interface PullFrame {
  status?: string
  id?: string
  progressDetail?: { current?: number; total?: number }
  error?: string
}

interface Layer {
  total: number | null
  bytes: number
  /** 0 to 1: most of a layer's time is its download, the rest its unpacking. */
  done: number
  here: boolean
}

export interface Pulling {
  layers: ReadonlyMap<string, Layer>
  percent: number
}

export const beginning: Pulling = { layers: new Map(), percent: 0 }

const DOWNLOAD_SHARE = 0.75
const waiting: Layer = { total: null, bytes: 0, done: 0, here: false }

export function advance(pulling: Pulling, frame: PullFrame): Pulling {
  const { id, status = '' } = frame
  // Layers are announced one by one: only the engine's last status tells that no more will come.
  if (status.startsWith('Status: ')) return { ...pulling, percent: 100 }
  if (!id) return pulling
  const layer = changed(pulling.layers.get(id), status, frame.progressDetail)
  if (!layer) return pulling
  const layers = new Map(pulling.layers).set(id, layer)
  return { layers, percent: Math.max(pulling.percent, percentOf(layers)) }
}

export function progressOf({ layers, percent }: Pulling): Progress {
  const all = [...layers.values()]
  const sum = (of: (layer: Layer) => number) => all.reduce((total, layer) => total + of(layer), 0)
  return {
    bytes: sum((layer) => layer.bytes),
    total: sum((layer) => Math.max(layer.total ?? 0, layer.bytes)),
    layers: all.length,
    layersDone: all.filter((layer) => layer.done === 1).length,
    percent,
  }
}

/** Never less than before: a retry begins anew, and reports no size for layers that are present by now. */
export function furthest(before: Progress | null, { bytes, total, layers, layersDone, percent }: Progress): Progress {
  const most = {
    total: Math.max(before?.total ?? 0, total),
    layers: Math.max(before?.layers ?? 0, layers),
    layersDone: Math.max(before?.layersDone ?? 0, layersDone),
    percent: Math.max(before?.percent ?? 0, percent),
  }
  return { bytes: percent === 100 ? most.total : Math.max(before?.bytes ?? 0, bytes), ...most }
}

function changed(layer: Layer | undefined, status: string, detail: PullFrame['progressDetail']): Layer | undefined {
  const was = layer ?? waiting
  const total = detail?.total && detail.total > 0 ? detail.total : was.total
  const share = total ? Math.min(1, (detail?.current ?? 0) / total) : 0
  switch (status) {
    case 'Pulling fs layer':
    case 'Waiting':
      return was
    case 'Already exists':
      return { ...was, done: 1, here: true }
    case 'Downloading':
      return {
        ...was,
        total,
        bytes: Math.max(was.bytes, detail?.current ?? 0),
        done: Math.max(was.done, share * DOWNLOAD_SHARE),
      }
    case 'Verifying Checksum':
    case 'Download complete':
      return { ...was, bytes: wholeOf(was), done: Math.max(was.done, DOWNLOAD_SHARE) }
    case 'Extracting':
      return {
        ...was,
        total,
        bytes: wholeOf({ ...was, total }),
        done: Math.max(was.done, DOWNLOAD_SHARE + share * (1 - DOWNLOAD_SHARE) * 0.99),
      }
    case 'Pull complete':
      return { ...was, bytes: wholeOf(was), done: 1 }
    default:
      // Other frames with an id are about the tag ("Pulling from team/app") or a layer's retry.
      return undefined
  }
}

function wholeOf({ total, bytes }: Layer): number {
  return Math.max(total ?? 0, bytes)
}

/** By size. A layer of unknown size weighs the average of the others; one that came without any size was tiny. */
function percentOf(layers: ReadonlyMap<string, Layer>): number {
  const work = [...layers.values()].filter((layer) => !layer.here)
  if (work.length === 0) return 0
  const sizes = work.map((layer) => layer.total).filter((total) => total !== null)
  const usual = sizes.length ? sizes.reduce((a, b) => a + b, 0) / sizes.length : 1
  const weight = ({ total, bytes, done }: Layer) => total ?? (done < DOWNLOAD_SHARE ? usual : bytes)
  const whole = work.reduce((sum, layer) => sum + weight(layer), 0) || 1
  const done = work.reduce((sum, layer) => sum + weight(layer) * layer.done, 0)
  return Math.min(99, Math.floor((100 * done) / whole))
}
