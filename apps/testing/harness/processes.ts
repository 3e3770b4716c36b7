/** Processes, by /proc. */
import fs from 'node:fs'

export interface Process {
  pid: number
  parent: number
  command: string
}

export function processes(): Process[] {
  const found: Process[] = []
  for (const name of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const process = processOf(name)
    if (process) found.push(process)
  }
  return found
}

/** @returns undefined when it has ended */
function processOf(pid: string): Process | undefined {
  try {
    const stat = read(pid, 'stat')
    // The second field, the name in brackets, may hold brackets and spaces itself.
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z'
      ? undefined
      : { pid: Number(pid), parent: Number(parent), command: read(pid, 'cmdline').trim() }
  } catch {
    return undefined
  }
}

/** Those whose command line or environment names one of the paths. */
export function processesAbout(...paths: string[]): Process[] {
  return processes().filter(({ pid, command }) => {
    if (pid === process.pid) return false
    try {
      const about = `${command} ${read(String(pid), 'environ')}`
      return paths.some((path) => about.includes(path))
    } catch {
      return false
    }
  })
}

/** A process and its descendants. */
export function familyOf(pid: number): Process[] {
  const all = processes()
  const family = all.filter((process) => process.pid === pid)
  for (const { pid } of family) family.push(...all.filter(({ parent }) => parent === pid))
  return family
}

/** Real, effective, saved, file system. */
export function usersOf(pid: number): number[] {
  const [, ids = ''] = /^Uid:\s+(.+)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return ids.split('\t').map(Number)
}

export function isAlive(pid: number): boolean {
  return processOf(String(pid)) !== undefined
}

/** Bytes; `own` without shared memory. */
export function memoryOf(pid: number): { own: number; resident: number } {
  const rollup = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) * 1024
  return { own: field('Private_Clean') + field('Private_Dirty'), resident: field('Rss') }
}

/** Of /proc, on every Linux. */
const TICKS_A_SECOND = 100

/** Seconds of a processor that it has used, with those of its children that have ended. */
export function processorTimeOf(pid: number): number {
  const stat = read(String(pid), 'stat')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = fields.slice(11, 15).map(Number)
  return ticks.reduce((all, some) => all + some, 0) / TICKS_A_SECOND
}

function read(pid: string, file: string): string {
  return fs.readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ')
}
