import path from 'node:path'
import { z } from 'zod'
import { setting } from '../setting.ts'
import { file, shortText } from '../values/text.ts'

const settings = {
  LOTAN_NAME: setting(shortText(40), {
    description: 'The name of this installation, above every page.',
    without: "the repository's last part",
  }),
  LOTAN_LOGO: setting(file, {
    description: 'A picture beside that name: an SVG, PNG, JPEG, WebP or ICO file of at most 50 kB.',
  }),
}

export const look = {
  title: 'Name and picture',
  settings,
  schema: z.object(settings).transform((given) => ({
    brand: {
      name: given.LOTAN_NAME,
      /** An absolute path. */
      logo: given.LOTAN_LOGO === null ? null : path.resolve(given.LOTAN_LOGO),
    },
  })),
}
