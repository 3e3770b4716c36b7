/** The client of the forge that LOTAN_FORGE names. */
import type { Config } from '../../shared/config/config.ts'
import type { Forge } from './forge.ts'
import { openGiteaForge } from './gitea.ts'
import { openGitHubForge } from './github.ts'
import { openGitLabForge } from './gitlab.ts'

type ForgeConfig = Pick<NonNullable<Config['forge']>, 'kind' | 'api'>

/** @param repository its path at the forge: `owner/name` */
export function openForge({ kind, api }: ForgeConfig, repository: string, token: string): Forge {
  switch (kind) {
    case 'github':
      return openGitHubForge({ api, repository, token })
    case 'gitlab':
      return openGitLabForge({ api, repository, token })
    case 'gitea':
      return openGiteaForge({ api, repository, token })
  }
}
