/** Everything of an instance on this machine, each with how it goes. */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Config } from '../../shared/config/config.ts'
import type { Engine } from '../../shared/engine/engine.ts'
import { ownContainer } from '../../shared/engine/own-container-id.ts'
import { chainOf, findScriptOf, removalScriptOf } from '../../shared/firewall-chains.ts'
import { keptRows, type KeptRows } from '../../shared/store/kept-rows.ts'
import { isOurs } from '../database/private-files.ts'
import { databaseOf } from '../database/watch.ts'
import { forgetRoutes, inMemory } from '../nginx/route-cache.ts'
import { imagesOf, removeBuilt, removeCopy, removePulled, serviceImagesOf, type Gone } from './images.ts'

const run = promisify(execFile)
const SCRIPT_MS = 30_000

export interface Thing {
  kind: 'container' | 'network' | 'volume' | 'firewall' | 'image' | 'file'
  name: string
  remove: () => Promise<Gone>
}

type Found = Pick<Config, 'dataDir' | 'runDir' | 'instance'>

/** In the order in which they go. @throws EngineError */
export async function inventory(engine: Engine, config: Found, { data }: { data: boolean }): Promise<Thing[]> {
  const { containers, networks, built, others } = await engine.remains()
  const copies = await engine.copyImages()
  const rows = rowsOf(config)
  const pulled = [...imagesOf(rows?.pulled ?? [], await engine.list()), ...serviceImagesOf(rows?.serviceImages ?? [])]
  return [
    ...containers.map(({ id, name }) => thing('container', name, () => engine.remove(id))),
    ...networks.map(({ id, name }) => thing('network', name, () => engine.removeNetwork(id))),
    ...(data ? await volumeThings(engine) : []),
    ...(await firewallThings(engine, config.instance)),
    ...pulled.map((image): Thing => ({
      kind: 'image',
      name: `${image.reference}:${image.tag}`,
      remove: () => removePulled(engine, image),
    })),
    ...copies.map(({ name }): Thing => ({ kind: 'image', name, remove: () => removeCopy(engine, name) })),
    ...built.map((name): Thing => ({ kind: 'image', name, remove: () => removeBuilt(engine, name, others) })),
    ...(fs.existsSync(inMemory(config)) ? [thing('file', inMemory(config), () => forgetRoutes(config))] : []),
    ...(data ? filesOf(config) : []),
  ]
}

function thing(kind: Thing['kind'], name: string, remove: () => Promise<void>): Thing {
  return { kind, name, remove: async () => (await remove(), 'removed') }
}

/** What previews keep, and snapshots of it. */
async function volumeThings(engine: Engine): Promise<Thing[]> {
  const volumes = await engine.listVolumes()
  return volumes.map(({ engine: name }) => ({
    kind: 'volume',
    name,
    remove: async () =>
      (await engine.removeVolume(name)) === 'in-use'
        ? { left: 'a container that is not of this Lotan uses it' }
        : 'removed',
  }))
}

/** Undefined where the database is lost, or damaged: containers tell most of it too. */
function rowsOf(config: Found): KeptRows | undefined {
  try {
    return keptRows(databaseOf(config))
  } catch {
    return undefined
  }
}

/** As the queue-processor sets them: here as root, or by a container on the engine's machine. */
async function firewallThings(engine: Engine, instance: string): Promise<Thing[]> {
  const own = await ownContainer(engine)
  if (own) return [thing('firewall', chainOf(instance), () => engine.runOnHost(own.image, removalScriptOf(instance)))]
  // Other users' Lotans have none.
  if (process.getuid?.() !== 0) return []
  const { stdout } = await run('sh', ['-c', findScriptOf(instance)], { timeout: SCRIPT_MS })
  const chains = stdout.split('\n').filter(Boolean)
  if (chains.length === 0) return []
  return [
    thing('firewall', chains.join(', '), async () => {
      await run('sh', ['-c', removalScriptOf(instance)], { timeout: SCRIPT_MS })
    }),
  ]
}

/** The data directory may hold other files too: these stay, and it with them. */
function filesOf({ dataDir, runDir }: Found): Thing[] {
  if (!fs.existsSync(dataDir)) return []
  const names = fs.readdirSync(dataDir).filter(isOurs)
  const files = names.map((name) => path.join(dataDir, name))
  if (runDir && !files.includes(runDir)) files.push(runDir)
  return [
    ...files.map((file) => thing('file', file, () => fs.promises.rm(file, { recursive: true, force: true }))),
    {
      kind: 'file',
      name: dataDir,
      remove: async () => {
        const left = fs.readdirSync(dataDir)
        if (left.length > 0) return { left: `it holds other files: ${left.slice(0, 3).join(', ')}` }
        fs.rmdirSync(dataDir)
        return 'removed'
      },
    },
  ]
}
