import { z } from 'zod'

export const volume = z
  .object({
    repository: z.string(),
    tag: z.string().meta({ description: 'The preview that it is of.' }),
    name: z.string().meta({ description: 'As its stack has it.' }),
    bytes: z.int().nullable().meta({ description: 'Null until it is measured.' }),
    measured: z.iso.datetime().nullable(),
    created: z.iso.datetime(),
    used: z.iso
      .datetime()
      .meta({ description: 'When its preview last had a container, to within a hundredth of what it is kept.' }),
    goes: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'When it goes, unused; null while its preview has a container, or is pinned.' }),
  })
  .meta({ id: 'Volume' })

export type VolumeJson = z.output<typeof volume>

export const secret = z
  .object({
    name: z.string().meta({ description: 'As the stack names it.' }),
    value: z.string(),
  })
  .meta({ id: 'Secret' })

export type SecretJson = z.output<typeof secret>
