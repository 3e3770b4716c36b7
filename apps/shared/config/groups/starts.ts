import { z } from 'zod'
import { setting } from '../setting.ts'
import { duration, integer } from '../values/amount.ts'

const settings = {
  LOTAN_START_TIMEOUT_SECONDS: setting(duration('seconds', 86_400), {
    description: 'Pulled, but no answer after this long: failed.',
    standard: '120',
  }),
  LOTAN_PULL_TIMEOUT_MINUTES: setting(duration('minutes', 1_440), {
    description: 'A pull that is not done after this long is given up, however steadily it moves (at most 1440).',
    standard: '60',
  }),
  LOTAN_HOLD_SECONDS: setting(duration('seconds', 3_600, 0), {
    description: 'How long a request that cannot show a page is held for a cold preview.',
    standard: '60',
  }),
  LOTAN_MAX_HELD: setting(integer(1, 10_000), {
    description: 'More requests than this are not held: they get 503 at once.',
    standard: '2000',
  }),
}

export const starts = {
  title: 'Starts',
  settings,
  schema: z.object(settings).transform((given) => ({
    startTimeout: given.LOTAN_START_TIMEOUT_SECONDS,
    pullTimeout: given.LOTAN_PULL_TIMEOUT_MINUTES,
    hold: given.LOTAN_HOLD_SECONDS,
    maxHeld: given.LOTAN_MAX_HELD,
  })),
}
