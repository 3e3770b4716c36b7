import { z } from 'zod'
import { setting } from '../setting.ts'
import { anyText, password } from '../values/text.ts'

const settings = {
  LOTAN_ADMIN_TOKEN: setting(password, {
    description: 'Opens admin page and API; at least 16 characters.',
    without: 'made at first start',
    secret: true,
  }),
  ADMIN_WELCOME: setting(anyText, { description: 'HTML above the admin table.' }),
  ADMIN_INFO: setting(anyText, { description: 'HTML below the admin table.' }),
}

export const admin = {
  title: 'Admin page and API',
  settings,
  schema: z.object(settings).transform((given) => ({
    givenToken: given.LOTAN_ADMIN_TOKEN,
    adminWelcome: given.ADMIN_WELCOME ?? '',
    adminInfo: given.ADMIN_INFO ?? '',
  })),
}
