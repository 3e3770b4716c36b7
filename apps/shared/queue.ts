/**
 * Nudges to the queue-processor: "look at this preview". Losing all of Redis only loses time: the reaper nudges again
 * for what SQLite says is due. A lane per kind of work, so that no job waits behind a slower kind: a start never waits
 * for a pull, nor a visitor's pull for one that no person waits for, a lookup, a prepull or an update. A stop waits for no other lane.
 */
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import type { Config } from './config/config.ts'
import type { Log } from './log.ts'
import { generationOf, isOutdated, stepOf, type Preview, type QueuedPhase } from './preview/preview.ts'
import { idOf, logFields, type PreviewId } from './preview/preview-id.ts'
import { FIRST, rankOf } from './preview/start-queue.ts'

/** `batch`: pulls that no person waits for. */
export const lanes = ['lookup', 'prepull', 'update', 'batch', 'pull', 'start', 'wake', 'stop'] as const
export type Lane = (typeof lanes)[number]

export interface Nudge {
  id: PreviewId
  change: number
  generation: number | null
  sweep?: true
  /** Look for a newer image: ask the registry, or pull the one it has reported. */
  refresh?: true
  prepull?: true
  /** Start its services again that have ended. */
  tend?: true
  /** Do what is asked for its data: a snapshot, a reset. */
  data?: true
}

export type Nudges = ReturnType<typeof openQueue>

/** After this a caller continues without Redis: the reaper nudges again. */
const NUDGE_TIMEOUT_MS = 1_000
const FORGET_TIMEOUT_MS = 10_000
/** BullMQ tells of each job's steps, to no listener here. It keeps 10,000 of them a lane otherwise: 1 MB. */
const KEPT_EVENTS = 100
/**
 * A job that Redis gave out as it ended reached no worker, and stands in the way of the same wish until its lock has
 * ended and two looks at it have passed. A pull may take minutes: its lock is renewed while the process lives.
 */
export const LOCK_MS = 10_000

/** To look for an image on the engine is quick; the registry's answer about a newer one is awaited beside the lane. */
const queuedLanes: Record<QueuedPhase, Lane> = {
  findImage: 'start',
  lookup: 'lookup',
  checkUpdate: 'start',
  pull: 'pull',
  start: 'start',
}

/** Whose steps a lane takes, where its own are those of another one. */
export function stepsLaneOf(lane: Lane): Lane {
  return lane === 'batch' ? 'pull' : lane
}

function nudgeLaneOf(preview: Preview, now: number): Lane | undefined {
  const lane = laneOf(preview)
  return lane === 'pull' && rankOf(preview, now) !== FIRST ? 'batch' : lane
}

/** `stopped` and `failed` previews are cleaned up. */
export function laneOf(preview: Preview): Lane | undefined {
  switch (preview.state) {
    case 'queued':
      return queuedLanes[preview.phase]
    case 'pulling':
      return 'pull'
    case 'starting':
      return 'start'
    case 'running':
      if (preview.pending || isOutdated(preview)) return 'start'
      return preview.retiring.length > 0 ? 'stop' : undefined
    case 'paused':
      if (preview.phase === 'waking') return 'wake'
      return preview.phase === 'draining' || preview.retiring.length > 0 ? 'stop' : undefined
    case 'stopping':
    case 'removing':
    case 'stopped':
    case 'failed':
      return 'stop'
    default:
      return undefined
  }
}

export function openQueue(config: Pick<Config, 'redis' | 'instance'>, log: Log) {
  const connection = connect(config, log)
  const queues = Object.fromEntries(lanes.map((lane) => [lane, open(lane)])) as Record<Lane, Queue<Nudge>>

  function open(lane: Lane): Queue<Nudge> {
    const streams = { events: { maxLen: KEPT_EVENTS } }
    return new Queue<Nudge>(lane, { connection, prefix: prefix(config), streams }).on('error', () => {})
  }

  async function request(
    lane: Lane,
    id: PreviewId,
    what: 'sweep' | 'refresh' | 'prepull' | 'tend' | 'data',
    job: string = id,
    delay = 0,
  ): Promise<void> {
    const added = queues[lane].add(
      'look',
      { id, change: 0, generation: null, [what]: true },
      // The preview that is requested last is pulled first.
      { jobId: `${job}.${what}`, delay, lifo: what === 'prepull', removeOnComplete: true, removeOnFail: true },
    )
    await withTimeout(added, NUDGE_TIMEOUT_MS).catch((error: Error) =>
      log.warn({ ...logFields(id), error: error.message }, `${what} lost, the reaper will ask again`),
    )
  }

  return {
    /** Never throws and never waits long: the reaper repeats a lost nudge. */
    async nudge(preview: Preview, lane = nudgeLaneOf(preview, Date.now()), now = Date.now()): Promise<void> {
      if (!lane) return
      const { change } = preview
      const id = idOf(preview)
      const delay = preview.state === 'queued' ? Math.max(0, preview.notBefore - now) : 0
      const added = queues[lane].add(
        'look',
        { id, change, generation: generationOf(preview)?.number ?? null },
        // BullMQ refuses ids with a colon or of digits only. The same step of the same change makes one job.
        { jobId: `${id}.${change}.${stepOf(preview)}`, delay, removeOnComplete: true, removeOnFail: true },
      )
      await withTimeout(added, NUDGE_TIMEOUT_MS).catch((error: Error) =>
        log.warn({ ...logFields(id), lane, error: error.message }, 'nudge lost, the reaper will ask again'),
      )
    },

    /** Removes its containers that belong to no generation; all of them where it has no row. Never throws. */
    sweep: (id: PreviewId): Promise<void> => request('stop', id, 'sweep'),

    /** The id holds the request's number: an interrupted update may be requested again while its job ends. */
    refresh(preview: Preview): Promise<void> {
      const { change, update, refreshes } = preview
      const id = idOf(preview)
      return request(update?.digest ? 'update' : 'lookup', id, 'refresh', `${id}.${change}.${refreshes}`)
    },

    /** Looks whether its services run as they should. @param delay milliseconds; what was asked for sooner counts */
    tend: (id: PreviewId, delay = 0): Promise<void> =>
      request('start', id, 'tend', delay > 0 ? `${id}.later` : id, delay),

    /** Never throws. */
    data: (id: PreviewId): Promise<void> => request('stop', id, 'data'),

    prepull: (id: PreviewId): Promise<void> => request('prepull', id, 'prepull'),

    /** Only for the start of the queue-processor, before it reads from SQLite what is due. */
    async clear(): Promise<void> {
      for (const lane of lanes) {
        const cleared = queues[lane]
        await withTimeout(cleared.obliterate({ force: true }), FORGET_TIMEOUT_MS)
        // The limit of its events went too, and is written as a queue opens.
        queues[lane] = open(lane)
        await cleared.close()
      }
    },

    async ping(): Promise<void> {
      await withTimeout(connection.ping(), NUDGE_TIMEOUT_MS)
    },

    async workers(): Promise<number> {
      const counted = Promise.all(lanes.map((lane) => queues[lane].getWorkersCount()))
      return Math.min(...(await withTimeout(counted, NUDGE_TIMEOUT_MS)))
    },

    async waiting(): Promise<Record<Lane, number>> {
      const counts = await Promise.all(lanes.map((lane) => queues[lane].getWaitingCount()))
      return Object.fromEntries(lanes.map((lane, i) => [lane, counts[i]])) as Record<Lane, number>
    },

    /** By lane. @throws when Redis does not answer */
    async lanes(): Promise<Record<Lane, { waiting: number; active: number }>> {
      const counted = lanes.map(async (lane) => {
        const {
          waiting = 0,
          prioritized = 0,
          active = 0,
        } = await queues[lane].getJobCounts('waiting', 'prioritized', 'active')
        return [lane, { waiting: waiting + prioritized, active }] as const
      })
      const all = await withTimeout(Promise.all(counted), NUDGE_TIMEOUT_MS)
      return Object.fromEntries(all) as Record<Lane, { waiting: number; active: number }>
    },

    /** @throws when Redis does not answer */
    async redisVersion(): Promise<string | null> {
      const text = await withTimeout(connection.info('server'), NUDGE_TIMEOUT_MS)
      return /^redis_version:(\S+)/m.exec(text)?.[1] ?? null
    },

    async close(): Promise<void> {
      await Promise.all(Object.values(queues).map((queue) => queue.close()))
      connection.disconnect()
    },
  }
}

/** @param handle must be harmless to run twice */
export function openWorkers(
  config: Pick<Config, 'redis' | 'instance'>,
  widths: Record<Lane, number>,
  handle: (lane: Lane, nudge: Nudge) => Promise<void>,
  log: Log,
) {
  const connections: Redis[] = []
  let closed = false
  /** Redis may be one that other programs use too. */
  const take = async (lane: Lane, data: unknown) => {
    if (isNudge(data)) return handle(lane, data)
    log.warn({ lane }, 'a job that is none of Lotan’s was left')
  }
  const workers = lanes.map((lane) => {
    const connection = connect(config, log, () => closed)
    connections.push(connection)
    const worker = new Worker<Nudge>(lane, (job) => take(lane, job.data), {
      connection,
      prefix: prefix(config),
      concurrency: widths[lane],
      lockDuration: LOCK_MS,
      stalledInterval: LOCK_MS,
    })
    worker.on('error', (error) => log.warn({ lane, error: error.message }, 'queue error'))
    worker.on('failed', (job, error) =>
      log.error({ lane, ...(job && isNudge(job.data) && logFields(job.data.id)), err: error }, 'job failed'),
    )
    return worker
  })
  return {
    async close(): Promise<void> {
      await Promise.all(workers.map((worker) => worker.close(true)))
      closed = true
      for (const connection of connections) connection.disconnect()
    },
  }
}

function isNudge(data: unknown): data is Nudge {
  return typeof data === 'object' && data !== null && 'id' in data && typeof data.id === 'string'
}

/** @param closed while false, the connection and its copies are made again when they are lost */
/** @throws with why, within a second */
export async function pingRedis(config: Pick<Config, 'redis'>, log: Log): Promise<void> {
  const redis = connect(config, log, () => true)
  const failed = new Promise<never>((_, reject) => redis.on('error', reject))
  try {
    await withTimeout(Promise.race([redis.ping(), failed]), NUDGE_TIMEOUT_MS)
  } finally {
    redis.disconnect()
  }
}

function connect(config: Pick<Config, 'redis'>, log: Log, closed = () => false): Redis {
  const options = {
    // A worker waits for Redis for ever; callers use their own timeout. Commands sent while Redis is away are kept
    // until it is back: BullMQ sends some only once, at its start, and never repeats a refused one.
    maxRetriesPerRequest: null,
    // A worker that is closed while Redis is late may open its copy of the connection once more afterwards.
    retryStrategy: (tries: number) => (closed() ? null : Math.min(50 * 2 ** tries, 2_000) * (0.75 + Math.random() / 2)),
  }
  const redis =
    'url' in config.redis ? new Redis(config.redis.url, options) : new Redis({ ...options, path: config.redis.socket })
  redis.on('error', (error) => log.debug({ error: error.message }, 'Redis is away'))
  return redis
}

function prefix(config: Pick<Config, 'instance'>): string {
  return `lotan-${config.instance}`
}

async function withTimeout<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer from Redis in ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([promise, expired])
  } finally {
    clearTimeout(timer)
  }
}
