import { z } from 'zod'

/** Also the name of a stack's `from`. */
export const SNAPSHOT_NAME = /^[a-z0-9][a-z0-9-]{0,39}$/

const name = z
  .string()
  .regex(SNAPSHOT_NAME, 'name has up to 40 small letters, digits and dashes, and begins with no dash.')

export const snapshot = z
  .object({
    name: z.string(),
    repository: z
      .string()
      .meta({ description: 'Of the preview that it was made of; empty for the one without a name.' }),
    tag: z.string(),
    state: z.enum(['asked', 'ready', 'failed']).meta({ description: 'asked: it is being made.' }),
    created: z.iso.datetime().meta({ description: 'When it was asked for, and then when it was made.' }),
    by: z.string().meta({ description: 'Who made it.' }),
    digest: z.string().nullable().meta({ description: 'Of the image that the preview had.' }),
    revision: z.string().nullable().meta({ description: 'The commit that the image was built of, where it says so.' }),
    stack: z.string().nullable().meta({ description: 'A digest of the services that wrote it.' }),
    published: z.boolean().meta({ description: 'Whether other previews may begin with it.' }),
    frozenMs: z
      .int()
      .nullable()
      .meta({ description: 'How long the preview stood still for it; 0 where it did not run; null until it is made.' }),
    volumes: z.array(z.object({ name: z.string(), bytes: z.int().nullable() })),
    reason: z.string().nullable().meta({ description: 'failed: why.' }),
  })
  .meta({ id: 'Snapshot' })

export type SnapshotJson = z.output<typeof snapshot>

export const snapshotToMake = z.strictObject({ name }, 'Send {"name": …} with small letters, digits and dashes.')
