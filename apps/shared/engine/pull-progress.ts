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

/** By the engine's name of a layer: bytes, as the manifest states them. */
export type Sizes = ReadonlyMap<string, number>

export interface Pulling {
  layers: ReadonlyMap<string, Layer>
  percent: number
  sizes: Sizes
}

/** @param sizes empty where the manifest was not read */
export function beginning(sizes: Sizes = new Map()): Pulling {
  return { layers: new Map(), percent: 0, sizes }
}

/** The engine calls a layer by the first 12 digits of its digest. */
export function sizesByLayer({ layers, sizes }: { layers: readonly string[]; sizes: readonly number[] }): Sizes {
  return new Map(layers.map((digest, i) => [digest.slice(digest.indexOf(':') + 1).slice(0, 12), sizes[i]!]))
}

const DOWNLOAD_SHARE = 0.75
const waiting: Layer = { total: null, bytes: 0, done: 0, here: false }

export function advance(pulling: Pulling, frame: PullFrame): Pulling {
  const { id, status = '' } = frame
  // Layers are announced one by one: only the engine's last status tells that no more will come.
  if (status.startsWith('Status: ')) return { ...pulling, percent: 100 }
  if (!id) return pulling
  const layer = changed(pulling.layers.get(id) ?? waiting, status, frame.progressDetail, pulling.sizes.get(id))
  if (!layer) return pulling
  const next = { ...pulling, layers: new Map(pulling.layers).set(id, layer) }
  return isTold(next) ? { ...next, percent: Math.max(pulling.percent, percentOf(next.layers)) } : next
}

/**
 * Whether the engine has told of each layer that there is, so that the total stays. It does so before the first byte,
 * within some milliseconds. Without a manifest nobody knows how many there are.
 */
export function isTold({ layers, sizes }: Pulling): boolean {
  return [...sizes.keys()].every((id) => layers.has(id)) || [...layers.values()].some(({ bytes }) => bytes > 0)
}

export function progressOf({ layers, percent }: Pulling): Progress {
  const all = [...layers.values()]
  const fetched = all.filter(({ here }) => !here)
  const sum = (of: (layer: Layer) => number) => all.reduce((total, layer) => total + of(layer), 0)
  return {
    bytes: sum((layer) => layer.bytes),
    total: sum((layer) => Math.max(layer.total ?? 0, layer.bytes)),
    layers: all.length,
    layersDone: all.filter((layer) => layer.done === 1).length,
    percent,
    ...(fetched.length > 0 && {
      phase: fetched.every(({ done }) => done >= DOWNLOAD_SHARE) ? 'unpacking' : 'downloading',
    }),
  }
}

/** Never less than before: a retry begins anew, and reports no size for layers that are present by now. */
export function furthest(before: Progress | null, now: Progress): Progress {
  const { bytes, total, layers, layersDone, percent } = now
  const most = {
    total: Math.max(before?.total ?? 0, total),
    layers: Math.max(before?.layers ?? 0, layers),
    layersDone: Math.max(before?.layersDone ?? 0, layersDone),
    percent: Math.max(before?.percent ?? 0, percent),
  }
  const phase =
    before?.phase === 'unpacking' && most.total === before.total ? before.phase : (now.phase ?? before?.phase)
  return {
    bytes: percent === 100 ? most.total : Math.max(before?.bytes ?? 0, bytes),
    ...most,
    ...(phase && { phase }),
  }
}

/** Of one of several pulls side by side. */
export interface PartOfPull {
  /** Its packed bytes. */
  weight: number
  /** Null while the engine has told nothing of it. */
  progress: Progress | null
}

/** Of all of them as of one. */
export function together(parts: readonly PartOfPull[]): Progress {
  const told = parts.flatMap(({ progress }) => progress ?? [])
  const sum = (of: (progress: Progress) => number) => told.reduce((all, progress) => all + of(progress), 0)
  const whole = parts.reduce((all, { weight }) => all + Math.max(1, weight), 0)
  const done = parts.reduce((all, { weight, progress }) => all + Math.max(1, weight) * (progress?.percent ?? 0), 0)
  const phases = told.flatMap(({ phase }) => phase ?? [])
  const isUnpacking = told.length === parts.length && phases.every((phase) => phase === 'unpacking')
  return {
    bytes: sum(({ bytes }) => bytes),
    total: sum(({ total }) => total),
    layers: sum(({ layers }) => layers),
    layersDone: sum(({ layersDone }) => layersDone),
    percent: Math.floor(done / whole),
    ...(phases.length > 0 && { phase: isUnpacking ? 'unpacking' : 'downloading' }),
  }
}

/** @param size as the manifest states it: the engine tells of none before a layer's first byte, and of small ones never */
function changed(
  was: Layer,
  status: string,
  detail: PullFrame['progressDetail'],
  size: number | undefined,
): Layer | undefined {
  const total = size ?? (detail?.total && detail.total > 0 ? detail.total : was.total)
  const share = total ? Math.min(1, (detail?.current ?? 0) / total) : 0
  switch (status) {
    case 'Pulling fs layer':
    case 'Waiting':
      return { ...was, total }
    case 'Already exists':
      return { ...was, total: was.bytes > 0 ? was.total : null, done: 1, here: true }
    case 'Downloading':
      return {
        ...was,
        total,
        bytes: Math.max(was.bytes, detail?.current ?? 0),
        done: Math.max(was.done, share * DOWNLOAD_SHARE),
      }
    case 'Verifying Checksum':
    case 'Download complete':
      return { ...was, total, bytes: wholeOf({ ...was, total }), done: Math.max(was.done, DOWNLOAD_SHARE) }
    case 'Extracting':
      return {
        ...was,
        total,
        bytes: wholeOf({ ...was, total }),
        done: Math.max(was.done, DOWNLOAD_SHARE + share * (1 - DOWNLOAD_SHARE) * 0.99),
      }
    case 'Pull complete':
      return { ...was, total, bytes: wholeOf({ ...was, total }), done: 1 }
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
