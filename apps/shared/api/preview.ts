/** Programs rely on the names of these fields. */
import { z } from 'zod'
import { sessionKinds } from '../shell/session-kind.ts'
import { pinned } from './pin.ts'
import { previewChange } from './preview-change.ts'
import { kinds } from '../preview/kind.ts'
import { measured, services, volumes } from './preview-services.ts'

const count = z.int().min(0)
const milliseconds = z.int().nullable()

const progress = z.object({
  bytes: count,
  total: count,
  layers: count,
  layersDone: count,
  percent: z.number().min(0).max(100),
  phase: z
    .enum(['downloading', 'unpacking'])
    .optional()
    .meta({ description: '`unpacking`: all bytes are here. Absent before it is known what there is to fetch.' }),
  waitsFor: z.enum(['room']).optional().meta({ description: 'Only while it waits: for room on the engine’s disk.' }),
})

export const states = [
  'queued',
  'pulling',
  'starting',
  'running',
  'paused',
  'stopping',
  'stopped',
  'removing',
  'failed',
] as const

export const preview = z
  .object({
    repository: z.string().meta({ description: 'The name of its repository; empty for the one without a name.' }),
    tag: z.string(),
    host: z.string(),
    url: z.url().meta({ description: 'Without a final slash.' }),
    state: z.enum(states),
    kind: z.enum(kinds).meta({
      description: '`ssh`: its image says that it has nothing on HTTP, so people come in (label lotan.kind).',
    }),
    reason: z.string().nullable().meta({ description: 'Why it failed, or why it is tried again: a code.' }),
    since: z.iso.datetime().meta({ description: 'When the state was entered.' }),
    lastSeen: z.iso.datetime().nullable(),
    image: z.string().nullable().meta({ description: 'The engine’s id of the image; null when it is not here.' }),
    digest: z.string().nullable(),
    container: z.string().nullable(),
    slot: z.int().nullable(),
    generation: z.int().nullable(),
    progress: progress
      .nullable()
      .meta({ description: 'How far the pull is. Nothing in it runs backwards within one start.' }),

    detail: z.string().meta({ description: 'One sentence for people.' }),
    engine: z
      .object({ detail: z.string(), output: z.array(z.string()) })
      .nullable()
      .meta({
        description: 'What the engine and the application said when it failed. It may hold secrets.',
      }),
    position: z.int().nullable().meta({ description: 'Place in line, from 1.' }),
    usual: z
      .int()
      .nullable()
      .meta({
        description:
          'How long a start like this one usually takes, milliseconds: from what there is to fetch, and from its ' +
          'own last start. Null while that is not known, and unless it is on its way up.',
      }),
    timing: z
      .object({
        queue: milliseconds,
        pull: milliseconds,
        start: milliseconds,
        ready: milliseconds,
        total: milliseconds,
      })
      .meta({ description: 'How long each stage of the last start took, milliseconds.' }),
    created: z.string().nullable().meta({
      description: 'When the image was built: its label org.opencontainers.image.created, else as the engine has it.',
    }),
    revision: z.string().nullable().meta({ description: 'The image’s label org.opencontainers.image.revision.' }),
    change: previewChange,
    memory: measured
      .nullable()
      .optional()
      .meta({
        description:
          'What its container and its services take, as it was measured last; null where it runs not, or was not ' +
          'measured yet. Only where previews are asked for: events and actions leave it out.',
      }),
    sessions: z
      .array(
        z.object({
          who: z.string(),
          kind: z.enum(sessionKinds),
          service: z.string().nullable().meta({ description: 'Null: the application.' }),
          program: z.string().nullable().meta({ description: 'Its name, without arguments.' }),
          via: z.enum(['ssh', 'api', 'page']),
          since: z.iso.datetime(),
        }),
      )
      .optional()
      .meta({
        description: 'Who is inside now. Only where this one is asked for, and only for who may look inside too.',
      }),
    services,
    volumes,
    pinned,
    copyOf: z
      .object({
        tag: z.string().meta({ description: 'Of the preview that it was made of.' }),
        at: z.iso.datetime().meta({ description: 'When.' }),
        kept: z.boolean().meta({ description: 'Frozen, with what its application had written beside its image.' }),
      })
      .nullable()
      .meta({ description: 'Null where it is no copy of another preview.' }),
    notice: z.string().nullable().meta({ description: 'Something to know of a preview that works all the same.' }),
  })
  .meta({ id: 'Preview' })

export type PreviewJson = z.output<typeof preview>
