import type { App } from '../shared/app.ts'
import type { Config } from '../shared/config/config.ts'
import type { Forge } from './clients/forge.ts'
import type { Rest } from './rest.ts'

export type ForgeContext = Pick<App, 'log' | 'store' | 'nudges' | 'signal'> & {
  config: Config
  settings: NonNullable<Config['forge']>
}

/** One repository of changes, with the images that go with it. */
export interface Repository {
  /** As Lotan knows the repository of its images. */
  name: string
  /** `owner/name` */
  path: string
  /** In marks and tasks: what tells it from others that write into the same changes. */
  application: string
  forge: Forge
  rest: Rest
}
