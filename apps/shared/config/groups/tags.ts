import { z } from 'zod'
import { setting } from '../setting.ts'
import { duration } from '../values/amount.ts'
import { anyText, tagPattern, zeroOrOne } from '../values/text.ts'
import type { Tag } from '../../tag.ts'

const settings = {
  TAG_FILTER: setting(tagPattern, {
    description: 'A [Lua pattern](#lua-patterns): which tags are offered, listed and started.',
  }),
  // NAME stands for a repository's: Compose cannot list it.
  TAG_FILTER_NAME: setting(anyText, {
    description: 'The same for the repository of that name, in capitals: `TAG_FILTER_API`.',
    services: 'none',
  }),
  LOTAN_PREPULL: setting(tagPattern, {
    description: 'A [Lua pattern](#lua-patterns): tags to pull when the registry shows them, before their first click.',
  }),
  // A timer that waits longer than 2^31 ms fires at once, for ever.
  IMAGE_REFRESH_INTERVAL_MINUTES: setting(duration('minutes', 30_000), {
    description: "Read the registry's tags, and look for newer images, this often.",
    standard: '5',
  }),
  TRANSLITERATE_SEMVER_UNDERSCORES_TO_DOTS: setting(zeroOrOne, {
    description: 'Tag `1.9.5` lives at `1_9_5.TL_DOMAIN`; at 0 at `1.9.5.TL_DOMAIN`.',
    standard: '1',
  }),
}

export const tags = {
  title: 'Tags',
  settings,
  schema: z.object(settings).transform((given) => {
    const filter: (tag: Tag) => boolean = given.TAG_FILTER ?? (() => true)
    const prepull: (tag: Tag) => boolean = given.LOTAN_PREPULL ?? (() => false)
    return {
      filter,
      prepull,
      refreshEvery: given.IMAGE_REFRESH_INTERVAL_MINUTES,
      transliterate: given.TRANSLITERATE_SEMVER_UNDERSCORES_TO_DOTS,
    }
  }),
}
