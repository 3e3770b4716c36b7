/** What a preview runs with, or would run with, and where that comes from; what happens next. */
import { z } from 'zod'
import { pinned } from './pin.ts'
import { behind, changeFields } from './preview-change.ts'
import { stack } from './explain-stack.ts'

const time = z.iso.datetime()
const words = z.string().meta({ description: 'The same for people.' })

export const value = z.object({
  name: z.enum([
    'repository',
    'kind',
    'connection',
    'port',
    'ready-path',
    'memory',
    'cpus',
    'pids',
    'disk',
    'stop-signal',
    'idle-stop',
    'idle-pause',
    'lifetime',
    'removal',
    'start-timeout',
    'hold',
    'grace',
    'refresh',
  ]),
  value: z.union([z.string(), z.number()]).nullable().meta({ description: 'Null: none, or the image’s own.' }),
  unit: z.enum(['bytes', 'milliseconds']).nullable(),
  source: z.enum(['label', 'setting', 'default', 'image']).meta({
    description: 'A label of the image; a setting; what holds without one; or something else that the image says.',
  }),
  from: z.string().nullable().meta({ description: 'The label’s or the setting’s name.' }),
  notice: z.string().nullable().meta({ description: 'Why a label is not used, or cut.' }),
  words,
})

const variable = z.object({
  name: z.string(),
  value: z.string().nullable().meta({ description: 'Null for who is no admin, and for a secret.' }),
  secret: z.boolean().meta({ description: 'By its name, or since a login stands in its value.' }),
  from: z.string().nullable().meta({ description: 'The setting that gives it; null: Lotan itself.' }),
  words: z.string().nullable().meta({
    description: 'Of the address of another repository’s preview: why that one. Null for all others.',
  }),
})

const image = z.object({
  id: z.string(),
  digest: z.string().nullable(),
  bytes: z.int(),
  pulled: z.boolean().meta({ description: 'Whether Lotan pulled it; one that was here before stays as it is.' }),
  serves: z
    .object({ id: z.string(), digest: z.string().nullable() })
    .nullable()
    .meta({ description: 'The one that its container is made from; null without a container.' }),
  newer: z
    .object({ digest: z.string().nullable(), asked: z.boolean(), failure: z.string().nullable() })
    .nullable()
    .meta({
      description: 'One that the registry has, or may have. `failure`: why it could not be brought here, a code.',
    }),
  rejected: z.boolean().meta({ description: 'Whether it is a newer one whose container did not come up.' }),
})

export const step = z.object({
  what: z.enum(['pause', 'stop', 'remove-image', 'remove-data', 'start', 'retry', 'refresh', 'forget', 'remove']),
  why: z.enum(['idle', 'lifetime', 'room', 'disk', 'failed', 'newer', 'unused', 'asked', 'closed']),
  at: time.meta({ description: 'No earlier. May be over for a moment.' }),
  words,
})

export const explain = z
  .object({
    repository: z.string(),
    tag: z.string(),
    state: z.string(),
    values: z
      .array(value)
      .meta({ description: 'Without an image here its labels are not known yet, and not in them.' }),
    variables: z
      .array(variable)
      .nullable()
      .meta({ description: 'Null where the reaper, which knows them, does not answer.' }),
    image: image.nullable(),
    imageWords: z.string().meta({ description: 'Which image it runs with, and why that one.' }),
    change: z
      .object({
        ...changeFields,
        behind,
        revision: z.string().nullable().meta({ description: 'Its image’s label org.opencontainers.image.revision.' }),
        source: z.string().meta({ description: 'Who tells of it: the forge, as LOTAN_FORGE names it.' }),
        words,
      })
      .nullable()
      .meta({ description: 'The pull or merge request that it shows; null where it is of none.' }),
    stack: stack.nullable().meta({
      description: 'What runs beside it; null without a stack, and where its image, whose label has it, is not here.',
    }),
    slot: z
      .object({ number: z.int(), address: z.string().nullable(), sandbox: z.int().nullable() })
      .nullable()
      .meta({ description: 'Where nginx reaches it. `sandbox`: the one whose network its container joined.' }),
    awake: z
      .object({
        lastSeen: time.nullable(),
        openConnections: z.boolean().nullable().meta({ description: 'Null where that is not known.' }),
        pinned,
        words,
      })
      .nullable()
      .meta({ description: 'Why it is; null where it is not.' }),
    asleep: z.object({ words }).nullable().meta({ description: 'What wakes it; null where it is not asleep.' }),
    waiter: z
      .object({
        who: z.enum(['person', 'program']),
        until: time.meta({ description: 'Counts so long, unless it is noted anew, as it is while it waits.' }),
        words,
      })
      .nullable()
      .meta({ description: 'Who waits for its start, while it is queued, pulling or starting; null: no one.' }),
    next: z.array(step).meta({ description: 'What Lotan does by itself if nothing happens before, earliest first.' }),
  })
  .meta({ id: 'Explanation' })

export type Explanation = z.output<typeof explain>
export type ExplainedValue = z.output<typeof value>
export type NextStep = z.output<typeof step>
