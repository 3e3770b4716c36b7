/** The installation as a whole. Null: not known. */
import { z } from 'zod'

const bytes = z.int().min(0)
const count = z.int().min(0)
const version = z.string().nullable()
const disk = z.object({ total: bytes, free: bytes, path: z.string() }).nullable()

export const system = z
  .object({
    versions: z.object({ lotan: z.string(), node: z.string(), nginx: version, engine: version, redis: version }),
    checks: z
      .record(
        z.string(),
        z.object({
          ok: z.boolean(),
          detail: z.string(),
          ms: z.number().min(0).meta({ description: 'How long the check took.' }),
        }),
      )
      .meta({
        description:
          'Engine, Redis, database, nginx, queue-processor, reaper, and forge and shell where they run, as `/readyz` has them.',
      }),
    warnings: z
      .array(
        z.object({
          check: z.string(),
          level: z.enum(['warning', 'failure']),
          says: z.string(),
          advice: z.string().nullable().meta({ description: 'What to do about it.' }),
          since: z.iso.datetime().nullable(),
        }),
      )
      .meta({ description: 'What the operator should know, failures first.' }),
    disk: z.object({
      engine: disk,
      data: disk,
      marks: z.object({ high: z.number(), low: z.number() }).meta({ description: 'Percent of the engine’s disk.' }),
    }),
    memory: z.object({
      total: bytes.nullable(),
      available: bytes.nullable(),
      high: z.number().meta({ description: 'Percent above which starts wait.' }),
      previews: bytes.nullable().meta({ description: 'What those that are up take.' }),
    }),
    previews: z.object({
      running: count.meta({ description: 'Those that take a place of LOTAN_MAX_RUNNING.' }),
      most: count,
      pinned: count.meta({ description: 'Of `running`.' }),
      byState: z.record(z.string(), count),
    }),
    slots: z.object({ total: count, taken: count, resting: count }),
    sandboxes: z.record(z.string(), count).meta({ description: 'How many there are in each state.' }),
    queue: z
      .record(z.string(), z.object({ waiting: count, active: count }))
      .nullable()
      .meta({ description: 'Jobs by lane.' }),
    database: z.object({ bytes, rebuilding: z.boolean() }),
    settings: z.array(
      z.object({
        name: z.string(),
        value: z.string().nullable().meta({ description: 'As it was written; null for none, and for a secret.' }),
        source: z.enum(['environment', 'default']),
        secret: z.boolean(),
        words: z.string().nullable().meta({ description: 'The default, where it is no fixed text.' }),
      }),
    ),
    saved: z
      .object({
        since: z.iso.datetime(),
        previews: count.meta({ description: 'How many slept, removed ones too.' }),
        hours: z.number().meta({ description: 'How long they were stopped, together.' }),
        memoryHours: z
          .number()
          .meta({ description: 'The same, each times the memory it took when it last ran: GB (2^30) hours.' }),
        words: z.string(),
      })
      .meta({ description: 'What sleeping has saved in the last seven days, at least.' }),
  })
  .meta({ id: 'System' })

export type System = z.output<typeof system>
