/** The client of the forge that LOTAN_FORGE names. */
import type { Config } from '../../shared/config/config.ts'
import type { Forge } from './forge.ts'
import { openGitHubForge } from './github.ts'

type ForgeConfig = Pick<NonNullable<Config['forge']>, 'kind' | 'api'>

/** @param repository its path at the forge: `owner/name` */
export function openForge({ kind, api }: ForgeConfig, repository: string, token: string): Forge {
  switch (kind) {
    case 'github':
      return openGitHubForge({ api, repository, token })
    default:
      throw new Error(`Lotan speaks no ${kind}`)
  }
}
