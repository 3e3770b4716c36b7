import { z } from 'zod'
import { setting } from '../setting.ts'
import { days } from '../values/amount.ts'
import { file, imagePatterns } from '../values/text.ts'

const settings = {
  LOTAN_STACK: setting(file, {
    description: 'A file with the services beside each preview, instead of the image’s label `lotan.stack`.',
  }),
  LOTAN_STACK_IMAGES: setting(imagePatterns, {
    description: 'Images that services may have: `ghcr.io/team/* postgres:*`.',
    without: 'those beside your own, and official ones',
  }),
  LOTAN_DATA_DAYS: setting(days, {
    description: "A preview's volumes, and each `${LOTAN_SECRET_X}`, outlive container and image this long.",
    standard: '7',
  }),
}

export const stack = {
  title: 'Stacks',
  settings,
  schema: z.object(settings).transform((given) => ({
    /** The path; null where the image's label says what runs beside it. */
    stackFile: given.LOTAN_STACK,
    /** Null: the usual ones. */
    stackImages: given.LOTAN_STACK_IMAGES,
    /** Milliseconds. */
    dataFor: given.LOTAN_DATA_DAYS,
  })),
}
