/** What Lotan knows of the installation as a whole, for the API and the System page. What does not answer is null. */
import { X509Certificate } from 'node:crypto'
import fs from 'node:fs/promises'
import type { System } from '../../shared/api/system.ts'
import type { ImageSize } from '../../shared/engine/engine.ts'
import type { RegistryHealth } from '../../shared/health/registry.ts'
import type { Lately } from '../../shared/preview/start-times.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import type { Fact, Pulled, Sandbox } from '../../shared/store/store.ts'
import type { ServiceRow } from '../../shared/stack/service-state.ts'
import { version } from '../../shared/version.ts'
import type { RouterContext } from '../context.ts'
import { readiness } from '../readiness.ts'
import { counted, placesOf } from './places.ts'
import { savedOf } from './saved.ts'

export interface SystemFacts {
  now: number
  /** All of what the API tells but for the warnings, which are judged from it. */
  told: Omit<System, 'warnings'>
  /** The same ones until the next commit: not to be changed. */
  previews: readonly Preview[]
  pulled: Pulled[]
  sandboxes: Sandbox[]
  images: ImageSize[] | null
  /** By the repository's name; null where the reaper does not answer. */
  registries: Record<string, RegistryHealth | null> | null
  /** When newer images are looked for, milliseconds since 1970. */
  updatesAt: number | null
  lately: Lately
  /** Null also without TLS of Lotan's own. */
  certificate: X509Certificate | null
  noted: {
    /** `why` is null where it shields all. */
    firewall: Fact<'firewall'> | null
    slotKind: Fact<'slotKind'> | null
    slotWhy: string | null
    unreachable: string | null
    /** Of calls between previews; null with one repository. */
    pairFront: Fact<'pairFront'> | null
    pairListen: Fact<'pairListen'> | null
    memoryFull: boolean
    /** Of those whose pull requests are read, by `owner/name`. */
    forge: Record<string, Fact<'forge'>>
  }
  /** Services that are to be started again. */
  crashing: readonly ServiceRow[]
  /** The router's, milliseconds. */
  upFor: number
}

export type GatherSystem = (nginxVersion: string | undefined) => Promise<SystemFacts>

type Needs = Pick<RouterContext, 'config' | 'store' | 'nudges' | 'reaper' | 'log'>

export function openSystem(context: Needs): GatherSystem {
  const { config, store, nudges, reaper, log } = context
  const checkReadiness = readiness(context)

  return async (nginxVersion) => {
    const [machine, figures, inForce, watched, images, registries, lanes, redis, data, ready, certificate] =
      await Promise.all([
        nullIfAway('the machine', reaper.machine()),
        nullIfAway('figures', reaper.figures()),
        nullIfAway('settings', reaper.inForce()),
        nullIfAway('what is watched', reaper.watched()),
        nullIfAway('images', reaper.images()),
        nullIfAway('the registry', reaper.registry()),
        nullIfAway('the queue', nudges.lanes()),
        nullIfAway('Redis', nudges.redisVersion()),
        diskOf(config.dataDir),
        checkReadiness(),
        certificateOf(config),
      ])
    const now = Date.now()
    const previews = store.list()
    const sandboxes = store.sandboxes.list()
    const engineDisk = machine?.disk ?? null
    const { facts } = store
    return {
      now,
      told: {
        versions: {
          lotan: version(),
          node: process.versions.node,
          nginx: nginxVersion ?? null,
          engine: machine?.engine ?? null,
          redis,
        },
        checks: withTimes(ready),
        disk: {
          engine: engineDisk && { total: engineDisk.total, free: engineDisk.free, path: engineDisk.root },
          data,
          marks: config.disk,
        },
        memory: {
          total: machine?.memory?.total ?? null,
          available: machine?.memory?.available ?? null,
          high: config.memoryHigh,
          previews: figures && Object.values(figures).reduce((all, { memory }) => all + memory, 0),
        },
        previews: placesOf(previews, config.maxRunning, now),
        slots: { total: config.slots, ...store.overview.slotCounts(now) },
        sandboxes: counted(sandboxes.map(({ state }) => state)),
        queue: lanes,
        database: { bytes: store.overview.bytes(), rebuilding: facts.get('rebuilding') ?? false },
        // Workers are given settings that the router need not be.
        settings: (inForce ?? config.inForce).settings,
        saved: savedOf(store.overview, now),
      },
      previews,
      pulled: store.pulled.list(),
      sandboxes,
      images,
      registries,
      updatesAt: watched?.updatesAt ?? null,
      lately: store.lately(),
      certificate,
      noted: {
        firewall: facts.get('firewall') ?? null,
        slotKind: facts.get('slotKind') ?? null,
        slotWhy: facts.get('slotWhy') ?? null,
        unreachable: facts.get('unreachable') ?? null,
        pairFront: config.repositories.length > 1 ? (facts.get('pairFront') ?? null) : null,
        pairListen: facts.get('pairListen') ?? null,
        memoryFull: facts.get('memoryFull') ?? false,
        forge: Object.fromEntries(
          (config.forge?.repositories ?? []).flatMap(({ name, path }) => {
            const health = facts.get('forge', name)
            return health ? [[path, health]] : []
          }),
        ),
      },
      crashing: store.services.list().filter(({ state }) => state === 'restarting'),
      upFor: process.uptime() * 1_000,
    }
  }

  async function nullIfAway<T>(what: string, asked: Promise<T>): Promise<T | null> {
    return asked.catch((error: Error) => {
      log.debug({ what, error: error.message }, 'a part of the system does not tell of itself')
      return null
    })
  }
}

function withTimes({ checks, took }: Awaited<ReturnType<ReturnType<typeof readiness>>>): System['checks'] {
  return Object.fromEntries(
    Object.entries(checks).map(([name, check]) => [
      name,
      { ...check, ms: Math.round((took[name as keyof typeof took] ?? 0) * 10) / 10 },
    ]),
  )
}

export async function diskOf(path: string): Promise<System['disk']['data']> {
  const found = await fs.statfs(path).catch(() => null)
  if (!found) return null
  const { blocks, bfree, bavail, bsize } = found
  return { total: (blocks - bfree + bavail) * bsize, free: bavail * bsize, path }
}

/** The router need not be able to read it: nginx serves it. */
async function certificateOf({ tls }: Pick<RouterContext['config'], 'tls'>): Promise<X509Certificate | null> {
  if (!tls) return null
  return fs
    .readFile(tls.certificate)
    .then((pem) => new X509Certificate(pem))
    .catch(() => null)
}
