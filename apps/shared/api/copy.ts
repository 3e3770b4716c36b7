import { z } from 'zod'
import { isCopyName } from '../preview/copy-tag.ts'
import { spanOf, spanText } from './span.ts'

const MOST = '365d'
const wrong =
  'as has up to 20 small letters, digits and single dashes, and begins and ends with a letter or a digit, such as anna.'

const as = z.string(wrong).refine(isCopyName, wrong).meta({
  description: 'The name of the copy: it is at TAG--as-NAME.',
})
const lasts = spanText.refine((text) => !(spanOf(text)! > spanOf(MOST)!), `for is ${MOST} at most.`).optional()

export const cloneToMake = z.strictObject(
  {
    as,
    for: lasts.meta({ description: 'How long it is pinned: `12h`, `7d` or `4w`. Without it: LOTAN_DATA_DAYS.' }),
  },
  'Send {"as": NAME}, and for how long it is pinned as {"for": …}.',
)

export const copyToKeep = z.strictObject(
  {
    as,
    for: lasts.meta({ description: 'How long it is pinned. Without it: until it is unpinned or removed.' }),
  },
  'Send {"as": NAME}, and for how long it is pinned as {"for": …}.',
)

export const copyAsked = z
  .object({
    repository: z.string(),
    tag: z.string().meta({ description: 'Of the copy: it is a preview of its own as soon as it is made.' }),
    host: z.string(),
    url: z.url(),
    of: z.string().meta({ description: 'The tag of the preview that it is made of.' }),
    kept: z.boolean(),
  })
  .meta({ id: 'CopyAsked' })

export type CopyAskedJson = z.output<typeof copyAsked>
