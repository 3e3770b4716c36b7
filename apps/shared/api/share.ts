import { z } from 'zod'
import { spanOf, spanText } from './span.ts'

const USUAL = '7d'
const MOST = '365d'

const id = z.string().meta({ description: 'Names it, and opens nothing.' })
const repository = z.string().meta({ description: 'Of the preview; empty for the one without a name.' })

export const share = z
  .object({
    id,
    repository,
    tag: z.string().meta({ description: 'The preview that it opens.' }),
    until: z.iso.datetime(),
    created: z.iso.datetime(),
    by: z.string().meta({ description: 'Who made it.' }),
  })
  .meta({ id: 'Share' })

export const newShare = z
  .object({
    id,
    repository,
    tag: z.string(),
    url: z.string().meta({ description: 'The link itself, which is shown this once.' }),
    until: z.iso.datetime(),
  })
  .meta({ id: 'NewShare' })

export type ShareJson = z.output<typeof share>
export type NewShareJson = z.output<typeof newShare>

export const shareToMake = z.strictObject(
  {
    for: spanText
      .refine((text) => !(spanOf(text)! > spanOf(MOST)!), `for is ${MOST} at most.`)
      .default(USUAL)
      .meta({ description: 'How long it opens the preview: `12h`, `7d` or `4w`.' }),
  },
  `Send {"for": …} with a number of hours, days or weeks, such as ${USUAL}.`,
)
