import { z } from 'zod'
import { rules, setting } from '../setting.ts'
import { listen } from '../values/address.ts'
import { duration } from '../values/amount.ts'
import { file, oneOf } from '../values/text.ts'

const settings = {
  LOTAN_SHELL: setting(oneOf('on', 'off'), {
    description: 'Whether people whose rights reach it may look inside previews: by browser, `lotan shell` and API.',
    without: 'on with `LOTAN_SSH_LISTEN`, else off',
  }),
  LOTAN_SSH_LISTEN: setting(listen, {
    description: 'Where SSH listens, such as `0.0.0.0:2222`: `ssh -p 2222 TAG@TL_DOMAIN`. Needs `LOTAN_SSH_KEYS`.',
    without: 'nowhere',
  }),
  LOTAN_SSH_KEYS: setting(file, {
    description:
      'Who may come by SSH: a file as `authorized_keys`, with the options `match="^pr%-"` and `can="shell"`.',
  }),
  LOTAN_SSH_IDLE_MINUTES: setting(duration('minutes', 1_440), {
    description: 'A session without a byte for so long is ended.',
    standard: '15',
  }),
}

export const shell = {
  title: 'A way in',
  settings,
  schema: z
    .object(settings)
    .check(
      rules((given, { good, refuse }) => {
        if (!good('LOTAN_SSH_LISTEN', 'LOTAN_SSH_KEYS')) return
        const { LOTAN_SSH_LISTEN: place, LOTAN_SSH_KEYS: keys } = given
        if (place !== null && keys === null) refuse('LOTAN_SSH_KEYS', 'is missing: it says who may come by SSH')
        if (place === null && keys !== null)
          refuse('LOTAN_SSH_KEYS', 'needs LOTAN_SSH_LISTEN: give the place where SSH listens too, or leave it out')
        if (place !== null && good('LOTAN_SHELL') && given.LOTAN_SHELL === 'off')
          refuse('LOTAN_SHELL', 'is off, but LOTAN_SSH_LISTEN lets people in: leave one of them out')
      }),
    )
    .transform((given) => ({
      /** Null: nobody may look inside. */
      shell:
        given.LOTAN_SHELL === 'on' || given.LOTAN_SSH_LISTEN !== null
          ? {
              /** Null: not by SSH. */
              ssh: given.LOTAN_SSH_LISTEN && { listen: given.LOTAN_SSH_LISTEN, keys: given.LOTAN_SSH_KEYS! },
              /** Milliseconds. */
              idle: given.LOTAN_SSH_IDLE_MINUTES,
            }
          : null,
    })),
}
