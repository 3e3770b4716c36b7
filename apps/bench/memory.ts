/** Memory of each process of an idle Lotan, and of each further preview. */
import { setTimeout as sleep } from 'node:timers/promises'
import { startLotan, type Lotan, type PartName } from '../testing/harness/lotan.ts'
import { buildSmall } from '../testing/images/build.ts'
import { memoryOf, processes } from '../testing/harness/processes.ts'
import { startImageRegistry } from '../testing/registries/image-registry.ts'

const IDLE_MS = 20_000
const MORE = 20
const parts: PartName[] = ['router', 'queue-processor', 'reaper', 'nginx', 'redis']

export async function memory(): Promise<void> {
  const registry = await startImageRegistry()
  const tags = ['one', ...Array.from({ length: MORE }, (_, i) => `more-${i}`)]
  for (const tag of tags) await buildSmall(`${registry.repository}:${tag}`, tag)
  const lotan = await startLotan({ repository: registry.repository, env: { LOTAN_SLOTS: '500' } })
  try {
    await lotan.request('one')
    await sleep(IDLE_MS)
    const one = ofParts(lotan)
    for (const [name, used] of one) print(name, used)
    print('together', total(one))

    for (const tag of tags) await lotan.request(tag)
    await sleep(IDLE_MS)
    const all = total(ofParts(lotan))
    const shims = shimsOf((await lotan.containers()).map(({ Id }) => Id))
    console.log(`with ${tags.length} previews, each one more:`)
    console.log(`  Lotan's parts     ${megabytes((all.own - total(one).own) / MORE)}`)
    console.log(`  the engine's shim ${megabytes(total(shims).own / shims.size)} its own, beside the application`)
  } finally {
    await lotan.stop()
    await registry.close()
  }
}

type Used = ReturnType<typeof memoryOf>

/** nginx is a master and its workers. */
function ofParts(lotan: Lotan): Map<string, Used> {
  const pids = [['launcher', lotan.launcher()], ...parts.map((part) => [part, lotan.part(part)])] as [string, number][]
  return new Map(
    pids.map(([name, pid]) => [name, sum([pid, ...(name === 'nginx' ? childrenOf(pid) : [])].map(memoryOf))]),
  )
}

function shimsOf(containers: string[]): Map<string, Used> {
  const shims = processes().filter(({ command }) => /containerd-shim/.test(command.split(' ')[0]!))
  return new Map(
    containers.flatMap((id) => {
      const shim = shims.find(({ command }) => command.includes(id))
      return shim ? [[id, memoryOf(shim.pid)] as const] : []
    }),
  )
}

function total(used: Map<string, Used>): Used {
  return sum([...used.values()])
}

function sum(all: Used[]): Used {
  return {
    own: all.reduce((so, { own }) => so + own, 0),
    resident: all.reduce((so, { resident }) => so + resident, 0),
  }
}

function childrenOf(pid: number): number[] {
  return processes()
    .filter(({ parent }) => parent === pid)
    .map((child) => child.pid)
}

function print(name: string, { resident, own }: Used) {
  console.log(`${name.padEnd(16)} ${megabytes(resident)} resident, ${megabytes(own)} its own`)
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`.padStart(9)
}
