import path from 'node:path'
import { z } from 'zod'
import { setting } from '../setting.ts'
import { apiUrl } from '../values/address.ts'
import { anyText, oneOf } from '../values/text.ts'

const settings = {
  LOTAN_DATA_DIR: setting(anyText, { description: 'Database, Redis file, admin token, logs.', standard: '.lotan' }),
  LOTAN_LOG: setting(oneOf('files', 'stdout'), {
    description: "Where log lines go: files in `LOTAN_DATA_DIR/logs`, or the launcher's output.",
    without: '`stdout` under the systemd journal, else `files`',
  }),
  LOTAN_API: setting(apiUrl, {
    description: "Where the command line finds the API: the admin page's address. Needs `LOTAN_ADMIN_TOKEN`.",
    without: 'the Lotan of `LOTAN_DATA_DIR`',
    services: 'none',
  }),
  LOTAN_ENDPOINT_URL: setting(apiUrl, { description: 'Another name of `LOTAN_API`.', services: 'none' }),
  TERM: setting(anyText, {
    description: 'Colours of what the launcher and the command line print; `dumb` for none.',
    standard: 'xterm',
    services: 'none',
  }),
  NO_COLOR: setting(anyText, { description: 'Set to anything: no colours.', services: 'none' }),
}

export const launcher = {
  title: 'Files, launcher, command line',
  settings,
  schema: z
    .object(settings)
    .omit({ LOTAN_API: true, LOTAN_ENDPOINT_URL: true })
    .transform((given) => ({
      dataDir: path.resolve(given.LOTAN_DATA_DIR),
      /** Null: `readConfig` chooses. */
      givenLogs: given.LOTAN_LOG,
      term: given.TERM,
      hasColours: given.NO_COLOR === null,
    })),
}
