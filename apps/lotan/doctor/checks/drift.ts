/** What the database and the engine tell differently: containers without a row, rows whose container is gone. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../../shared/config/config.ts'
import type { Container, Engine, SandboxContainer } from '../../../shared/engine/engine.ts'
import { keptRows, type KeptRows } from '../../../shared/store/kept-rows.ts'
import { databaseOf } from '../../database/watch.ts'
import { findings, type Finding } from '../../../shared/health/finding.ts'

/** While Lotan runs, each of them changes a moment before the other: what differs twice is drift. */
const AGAIN_MS = 2_000
const MOST_NAMED = 5

export async function checkDrift(
  engine: Pick<Engine, 'list' | 'listSandboxes'>,
  config: Pick<Config, 'dataDir' | 'instance'>,
  isRunning: boolean,
): Promise<Finding[]> {
  const { failure } = findings('drift')
  const compare = async () => {
    const rows = keptRows(databaseOf(config))
    return judgeDrift(rows, await engine.list(), await engine.listSandboxes(), isRunning)
  }
  try {
    const found = await compare()
    if (!isRunning || found.every(({ level }) => level === 'ok')) return found
    await sleep(AGAIN_MS)
    return await compare()
  } catch (error) {
    return [failure((error as Error).message, 'the database is repaired at the next start')]
  }
}

/** @param rows undefined: there is no database */
export function judgeDrift(
  rows: KeptRows | undefined,
  containers: readonly Pick<Container, 'id' | 'name'>[],
  sandboxes: readonly Pick<SandboxContainer, 'id' | 'number'>[],
  isRunning: boolean,
): Finding[] {
  const { ok, warning } = findings('drift')
  const advice = isRunning
    ? 'Lotan puts it right within a minute; if this stays, its logs say why'
    : 'the next start puts it right; lotan purge removes everything'
  if (!rows && containers.length + sandboxes.length === 0) return [ok('there is no database yet, and no container')]
  const known = new Set(rows?.containers.map(({ container }) => container))
  const strays = containers.filter(({ id }) => !known.has(id)).map(({ name }) => name)
  const strayBoxes = sandboxes.filter(({ number }) => !rows?.sandboxes.includes(number)).length
  const there = new Set(containers.map(({ id }) => id))
  const lost = (rows?.containers ?? []).filter(({ container }) => !there.has(container)).map(({ tag }) => tag)
  const found = [
    ...(strays.length > 0 ? [warning(`${named(strays)}: containers of this Lotan that its database does not know`, advice)] : []),
    ...(strayBoxes > 0 ? [warning(`${strayBoxes} sandboxes that the database does not know`, advice)] : []),
    ...(lost.length > 0 ? [warning(`${named(lost)}: the database knows containers that are gone`, advice)] : []),
  ] // prettier-ignore
  return found.length > 0 ? found : [ok(`database and engine agree on ${containers.length} containers`)]
}

function named(all: string[]): string {
  const more = all.length - MOST_NAMED
  return `${all.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
