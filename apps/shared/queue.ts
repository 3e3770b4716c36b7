/**
 * The nudge from whoever wants something to the queue-processor: "look at this tag".
 *
 * A job carries a tag and a generation, never a copy of what is wanted; losing all of Redis loses time, nothing else,
 * since the reaper asks again for what SQLite says is due. Lanes, so that a start of an image that is here never waits
 * behind a pull, nor a pull behind questions about tags that may not exist, or behind what is pulled before anybody asks
 * for it (ahead), or of a preview that has an image already (renew), which is asked about before; a wake, which takes
 * milliseconds, waits behind none of these, and a stop behind nothing at all.
 */
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import type { Config } from './config/config.ts'
import type { Log } from './log.ts'
import { generationOf, isOutdated, type Preview } from './preview/preview.ts'

export const lanes = ['ask', 'ahead', 'renew', 'pull', 'start', 'wake', 'stop'] as const
export type Lane = (typeof lanes)[number]

export interface Nudge {
  tag: string
  change: number
  generation: number | null
  /** Look for containers that the tag has and should not have, whatever its state. */
  sweep?: true
  /** Look for a newer image: ask the registry, or bring here what it has told of. */
  refresh?: true
  /** Bring its image here before anybody asks for it. */
  ahead?: true
}

export type Nudges = ReturnType<typeof openQueue>

/** How long a caller waits for Redis before it goes on without: the reaper asks again. */
const NUDGE_TIMEOUT_MS = 1_000
const FORGET_TIMEOUT_MS = 10_000

/**
 * The lane that a preview's state asks for; undefined when it asks for nothing. `stopped` and `failed` are cleaned up.
 * Whoever is queued goes to the start lane, which looks whether the image is here: only what has to be pulled is sent
 * on to the pull lane, by way of the ask lane where nobody knows whether there is such a tag.
 */
export function laneOf(preview: Preview): Lane | undefined {
  switch (preview.state) {
    case 'queued':
      return 'start'
    case 'pulling':
      return 'pull'
    case 'starting':
      return 'start'
    case 'running':
      if (preview.coming || isOutdated(preview)) return 'start'
      return preview.leaving.length > 0 ? 'stop' : undefined
    case 'paused':
      if (preview.phase === 'waking') return 'wake'
      return preview.phase === 'draining' || preview.leaving.length > 0 ? 'stop' : undefined
    case 'stopping':
    case 'removing':
    case 'stopped':
    case 'failed':
      return 'stop'
    default:
      return undefined
  }
}

/** Opens the asking side of the queue. */
export function openQueue(config: Pick<Config, 'redis' | 'instance'>, log: Log) {
  const connection = connect(config, log)
  const queues = Object.fromEntries(
    lanes.map((lane) => [lane, new Queue<Nudge>(lane, { connection, prefix: prefix(config) })]),
  ) as Record<Lane, Queue<Nudge>>
  for (const queue of Object.values(queues)) queue.on('error', () => {})

  /** Asks for something else than a look at a preview's state. Asking twice by the same id makes one job. */
  async function ask(lane: Lane, tag: string, what: 'sweep' | 'refresh' | 'ahead', id = tag): Promise<void> {
    const added = queues[lane].add(
      'look',
      { tag, change: 0, generation: null, [what]: true },
      // What was shown last is pulled ahead first.
      { jobId: `${id}.${what}`, lifo: what === 'ahead', removeOnComplete: true, removeOnFail: true },
    )
    await orGiveUp(added, NUDGE_TIMEOUT_MS).catch((error: Error) =>
      log.warn({ tag, error: error.message }, `${what} lost, the reaper will ask again`),
    )
  }

  return {
    /**
     * Asks the queue-processor to look at a preview. Never throws and never waits long: what gets lost here is asked
     * for again by the reaper.
     */
    async nudge(preview: Preview, lane = laneOf(preview), now = Date.now()): Promise<void> {
      if (!lane) return
      const { tag, change } = preview
      const delay = preview.state === 'queued' ? Math.max(0, preview.notBefore - now) : 0
      const added = queues[lane].add(
        'look',
        { tag, change, generation: generationOf(preview)?.number ?? null },
        // BullMQ refuses ids with a colon or of digits only. One id a wish: asking twice makes one job.
        { jobId: `${tag}.${change}.${preview.state}`, delay, removeOnComplete: true, removeOnFail: true },
      )
      await orGiveUp(added, NUDGE_TIMEOUT_MS).catch((error: Error) =>
        log.warn({ tag, lane, error: error.message }, 'nudge lost, the reaper will ask again'),
      )
    },

    /**
     * Asks the queue-processor to remove the containers of a tag that belong to no generation of it; all of them where
     * the tag has no row. Never throws.
     */
    sweep: (tag: string): Promise<void> => ask('stop', tag, 'sweep'),

    /**
     * Asks the queue-processor to look for a newer image of a preview: in the ask lane, or, where the registry has told
     * of one, in the renew lane, which brings it here. Never throws. The id is the wish's: what has made way for
     * another wish may be asked for again while its job ends.
     */
    refresh: ({ tag, change, newer, refreshes }: Preview): Promise<void> =>
      ask(newer?.digest ? 'renew' : 'ask', tag, 'refresh', `${tag}.${change}.${refreshes}`),

    /** Asks the queue-processor to bring the image of a tag here that nobody has asked for yet. Never throws. */
    ahead: (tag: string): Promise<void> => ask('ahead', tag, 'ahead'),

    /** Empties the queue. Only the queue-processor does this, when it starts, before it reads from SQLite what is due. */
    async forgetAll(): Promise<void> {
      for (const queue of Object.values(queues)) await orGiveUp(queue.obliterate({ force: true }), FORGET_TIMEOUT_MS)
    },

    /** Whether Redis answers. @throws when it does not within the second */
    async ping(): Promise<void> {
      await orGiveUp(connection.ping(), NUDGE_TIMEOUT_MS)
    },

    /** How many workers listen on the lane that has the fewest. */
    async workers(): Promise<number> {
      const counted = Promise.all(lanes.map((lane) => queues[lane].getWorkersCount()))
      return Math.min(...(await orGiveUp(counted, NUDGE_TIMEOUT_MS)))
    },

    /** How many jobs wait in each lane. */
    async waiting(): Promise<Record<Lane, number>> {
      const counts = await Promise.all(lanes.map((lane) => queues[lane].getWaitingCount()))
      return Object.fromEntries(lanes.map((lane, i) => [lane, counts[i]])) as Record<Lane, number>
    },

    async close(): Promise<void> {
      await Promise.all(Object.values(queues).map((queue) => queue.close()))
      connection.disconnect()
    },
  }
}

/**
 * Opens the working side: one worker a lane.
 *
 * @param widths how many jobs of each lane run at a time
 * @param handle does what one nudge asks for; it must be harmless to run twice
 */
export function openWorkers(
  config: Pick<Config, 'redis' | 'instance'>,
  widths: Record<Lane, number>,
  handle: (lane: Lane, nudge: Nudge) => Promise<void>,
  log: Log,
) {
  const connections: Redis[] = []
  const workers = lanes.map((lane) => {
    const connection = connect(config, log)
    connections.push(connection)
    const worker = new Worker<Nudge>(lane, (job) => handle(lane, job.data), {
      connection,
      prefix: prefix(config),
      concurrency: widths[lane],
      // A pull may take minutes. The lock is renewed while the process lives; a dead one's jobs are asked for anew.
      lockDuration: 60_000,
    })
    worker.on('error', (error) => log.warn({ lane, error: error.message }, 'queue error'))
    worker.on('failed', (job, error) => log.error({ lane, tag: job?.data.tag, err: error }, 'job failed'))
    return worker
  })
  return {
    async close(): Promise<void> {
      await Promise.all(workers.map((worker) => worker.close(true)))
      for (const connection of connections) connection.disconnect()
    },
  }
}

function connect(config: Pick<Config, 'redis'>, log: Log): Redis {
  const options = {
    // A worker waits for Redis as long as it takes; whoever asks gives up by its own timeout. What is asked while Redis is
    // away is sent when it is back: refused, a question that BullMQ asks once, when it begins, would never be asked again.
    maxRetriesPerRequest: null,
    retryStrategy: (tries: number) => Math.min(50 * 2 ** tries, 2_000) * (0.75 + Math.random() / 2),
  }
  const redis =
    'url' in config.redis ? new Redis(config.redis.url, options) : new Redis({ ...options, path: config.redis.socket })
  redis.on('error', (error) => log.debug({ error: error.message }, 'redis is not there'))
  return redis
}

function prefix(config: Pick<Config, 'instance'>): string {
  return `lotan-${config.instance}`
}

async function orGiveUp<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer from Redis in ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
