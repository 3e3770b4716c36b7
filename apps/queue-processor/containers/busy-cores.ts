import fs from 'node:fs'

const TICKS_PER_SECOND = 100

/** @returns how many of the machine's processors were busy, on average, since it was asked last; all in doubt */
export function openBusyCores(): () => number {
  let before = { at: -Infinity, busy: 0 }
  return () => {
    const busy = busyTicks(statText())
    const now = { at: performance.now(), busy: busy ?? 0 }
    const seconds = (now.at - before.at) / 1_000
    const cores =
      busy === undefined || seconds === Infinity ? Infinity : (now.busy - before.busy) / TICKS_PER_SECOND / seconds
    before = now
    return cores
  }
}

function statText(): string {
  try {
    return fs.readFileSync('/proc/stat', 'utf8')
  } catch {
    return ''
  }
}

/** `cpu  user nice system idle iowait irq softirq …`, in ticks since the machine began. */
export function busyTicks(stat: string): number | undefined {
  const fields = /^cpu +(.+)$/m.exec(stat)?.[1]?.split(' ').map(Number)
  if (!fields) return undefined
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = fields
  const ticks = user + nice + system + irq + softirq
  return Number.isFinite(ticks) && ticks >= 0 ? ticks : undefined
}
