import fs from 'node:fs/promises'
import type { Request, Response } from 'express'
import { system, type System } from '../../shared/api/system.ts'
import { countsAsRunning, isPinned } from '../../shared/preview/preview.ts'
import { version } from '../../shared/version.ts'
import { readiness } from '../readiness.ts'
import type { ApiContext } from './context.ts'
import { answer, type ApiRoute, type Operation } from './conventions/operation.ts'

const WEEK_MS = 7 * 24 * 60 * 60_000
const HOUR_MS = 60 * 60_000
const GB = 1_024 ** 3

const getSystem: Operation = {
  operationId: 'getSystem',
  summary: 'The installation as a whole: versions, disk, memory, slots, queue, settings, what sleeping has saved.',
  responses: { 200: answer('What does not answer is null.', system) },
}

export function systemRoutes(context: ApiContext): ApiRoute[] {
  const { config, store, nudges, reaper, log } = context
  const checkReadiness = readiness(context)
  return [{ method: 'GET', path: '/system', needs: 'admin', operation: getSystem, handle: sendSystem }]

  async function sendSystem(req: Request, res: Response) {
    const now = Date.now()
    const [machine, figures, inForce, lanes, redis, data, { checks }] = await Promise.all([
      nullIfAway('the machine', reaper.machine()),
      nullIfAway('figures', reaper.figures()),
      nullIfAway('settings', reaper.inForce()),
      nullIfAway('the queue', nudges.lanes()),
      nullIfAway('Redis', nudges.redisVersion()),
      diskOf(config.dataDir),
      checkReadiness(),
    ])
    const engineDisk = machine?.disk ?? null
    const told: System = {
      versions: {
        lotan: version(),
        node: process.versions.node,
        nginx: req.get('X-Nginx-Version') ?? null,
        engine: machine?.engine ?? null,
        redis,
      },
      checks,
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
      previews: previewsOf(now),
      slots: { total: config.slots, ...store.overview.slotCounts(now) },
      sandboxes: counted(store.sandboxes.list().map(({ state }) => state)),
      queue: lanes,
      database: { bytes: store.overview.bytes(), rebuilding: store.facts.get('rebuilding') ?? false },
      // Workers are given settings that the router need not be.
      settings: (inForce ?? config.inForce).settings,
      saved: savedOf(now),
    }
    return res.json(told)
  }

  async function nullIfAway<T>(what: string, asked: Promise<T>): Promise<T | null> {
    return asked.catch((error: Error) => {
      log.debug({ what, error: error.message }, 'a part of the system does not tell of itself')
      return null
    })
  }

  function previewsOf(now: number): System['previews'] {
    const previews = store.list()
    const up = previews.filter(({ state }) => countsAsRunning(state))
    return {
      running: up.length,
      most: config.maxRunning,
      pinned: up.filter((preview) => isPinned(preview, now)).length,
      byState: counted(previews.map(({ state }) => state)),
    }
  }

  function savedOf(now: number): System['saved'] {
    const since = now - WEEK_MS
    const { slept, byteMs, previews } = store.overview.slept(since, now)
    const [hours, memoryHours] = [rounded(slept / HOUR_MS), rounded(byteMs / HOUR_MS / GB)]
    const words =
      previews === 0
        ? 'No preview that was measured has slept in the last seven days.'
        : `${previews} previews slept for ${hours} hours in the last seven days, and would have taken ${memoryHours} GB hours of memory.`
    return { since: new Date(since).toISOString(), previews, hours, memoryHours, words }
  }
}

export async function diskOf(path: string): Promise<System['disk']['data']> {
  const found = await fs.statfs(path).catch(() => null)
  if (!found) return null
  const { blocks, bfree, bavail, bsize } = found
  return { total: (blocks - bfree + bavail) * bsize, free: bavail * bsize, path }
}

function counted(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    Array.from(
      Map.groupBy(names, (name) => name),
      ([name, all]) => [name, all.length],
    ),
  )
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
