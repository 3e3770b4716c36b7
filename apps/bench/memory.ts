/** Resident memory of each part when nothing happens, one preview running. */
import { setTimeout as sleep } from 'node:timers/promises'
import { startLotan, type PartName } from '../testing/bed.ts'
import { buildSmall } from '../testing/images.ts'
import { memoryOf, processes } from '../testing/processes.ts'
import { startRegistry } from '../testing/registry.ts'

const IDLE_MS = 20_000
const parts: PartName[] = ['router', 'queue-processor', 'reaper', 'nginx', 'redis']

export async function memory(): Promise<void> {
  const registry = await startRegistry()
  await buildSmall(`${registry.repository}:one`, 'one')
  const lotan = await startLotan({ repository: registry.repository, env: { LOTAN_SLOTS: '500' } })
  try {
    await lotan.request('one')
    await sleep(IDLE_MS)
    const pids = [['launcher', lotan.launcher()], ...parts.map((part) => [part, lotan.part(part)])] as [
      string,
      number,
    ][]
    let own = 0
    let resident = 0
    for (const [name, pid] of pids) {
      // nginx is a master and its workers.
      const all = [pid, ...(name === 'nginx' ? childrenOf(pid) : [])].map(memoryOf)
      const sum = (of: (one: { own: number; resident: number }) => number) => all.reduce((so, one) => so + of(one), 0)
      own += sum((one) => one.own)
      resident += sum((one) => one.resident)
      print(
        name,
        sum((one) => one.resident),
        sum((one) => one.own),
      )
    }
    print('together', resident, own)
  } finally {
    await lotan.stop()
    await registry.close()
  }
}

function childrenOf(pid: number): number[] {
  return processes()
    .filter(({ parent }) => parent === pid)
    .map((child) => child.pid)
}

function print(name: string, resident: number, own: number) {
  const megabytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MB`
  console.log(`${name.padEnd(16)} ${megabytes(resident).padStart(9)} resident, ${megabytes(own).padStart(9)} its own`)
}
