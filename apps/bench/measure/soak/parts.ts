/** Lotan's processes, and what each of them holds of the machine. */
import fs from 'node:fs'
import type { Lotan } from '../../../testing/harness/lotan.ts'
import { familyOf, memoryOf } from '../../../testing/harness/processes.ts'
import { heapOf } from './heap.ts'
import { openFilesOf } from './open-files.ts'

/** The programs that run in Node. */
export const inNode = ['launcher', 'router', 'queue-processor', 'reaper'] as const

/** Of the cache of routes: nginx keeps them open, 1000 at most, and lets them go only at another lookup. */
const ROUTE = /\/[0-9a-f]{32}( \(deleted\))?$/

export interface Part {
  pids: number[]
  /** As `openFilesOf` names them, without those of cached routes. */
  files: string[]
  routes: number
  sockets: number
  threads: number
  /** Megabytes, without shared ones. */
  memory: number
}

export type Parts = Record<string, Part>

/** @throws while one of them does not run */
export function partsOf(lotan: Lotan): Parts {
  const master = pidOf(lotan, 'nginx')
  const workers = familyOf(master).filter(({ command }) => command.startsWith('nginx: worker process'))
  const pids: Record<string, number[]> = {
    ...Object.fromEntries(inNode.map((name) => [name, [pidOf(lotan, name)]])),
    'nginx, master': [master],
    'nginx, workers': workers.map(({ pid }) => pid),
    redis: [pidOf(lotan, 'redis')],
  }
  return Object.fromEntries(Object.entries(pids).map(([name, ids]) => [name, partOf(ids)]))
}

/** Of each program in Node, megabytes that are left after a collection of garbage. */
export async function heapsOf(lotan: Lotan): Promise<Record<string, number>> {
  const heaps: Record<string, number> = {}
  for (const name of inNode) heaps[name] = (await heapOf(pidOf(lotan, name))) / 2 ** 20
  return heaps
}

function partOf(pids: number[]): Part {
  const all = pids.flatMap(openFilesOf)
  const files = all.filter((file) => !ROUTE.test(file))
  return {
    pids,
    files,
    routes: all.length - files.length,
    sockets: files.filter((file) => file.startsWith('socket ')).length,
    threads: pids.reduce((all, pid) => all + fs.readdirSync(`/proc/${pid}/task`).length, 0),
    memory: pids.reduce((all, pid) => all + memoryOf(pid).own, 0) / 2 ** 20,
  }
}

function pidOf(lotan: Lotan, name: 'launcher' | Parameters<Lotan['part']>[0]): number {
  const pid = name === 'launcher' ? lotan.launcher() : lotan.part(name)
  if (pid === undefined) throw new Error(`${name} does not run`)
  return pid
}
