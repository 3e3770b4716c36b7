import type { System } from '../../../shared/api/system.ts'
import { memory } from '../format.ts'
import type { Meter } from './disk.ts'

/** Null where the engine is on another machine, or nobody tells. */
export function memoryOf({ memory: { total, available, previews, high } }: System | Omit<System, 'warnings'>) {
  if (total === null || available === null) return null
  const used = total - available
  const ofPreviews = Math.min(previews ?? 0, used)
  const percent = (bytes: number) => Math.round((bytes / total) * 1_000) / 10
  const meter = (name: string, bytes: number, note: string): Meter => {
    return { name, title: name, own: percent(bytes), shared: 0, size: memory(bytes), note }
  }
  return {
    head: { used: memory(used), of: `of ${memory(total)} used, starts wait above ${high} %` },
    over: percent(used) > high,
    meters: [
      ...(previews === null ? [] : [meter('Previews', ofPreviews, 'what those that are up take')]),
      meter(previews === null ? 'Used' : 'All else', used - ofPreviews, 'the engine, Lotan, other programs'),
      meter('Available', available, ''),
    ],
  }
}
