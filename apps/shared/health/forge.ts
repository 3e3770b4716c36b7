/** What is to be known of the forge that pull requests are read from. Pure. */
import { findings, type Finding } from './finding.ts'

/** As the forge part notes it, one for each repository. */
export interface ForgeHealth {
  /** `no-token`: nothing is read or said; hooks alone tell. Milliseconds since 1970. */
  away: { why: 'no-token' | 'limited' | 'refused' | 'missing' | 'rejected' | 'down'; since: number } | null
  /** What the token does not let Lotan say: of LOTAN_FORGE_SAYS, and `COMPARES`. */
  lacks: string[]
}

export const FINE: ForgeHealth = { away: null, lacks: [] }

/** Beside the sayings: `lacks` has it where commits cannot be compared. */
export const COMPARES = 'compare'

const rights: Record<string, string> = {
  comment: 'pull requests: read and write',
  status: 'commit statuses: read and write',
  [COMPARES]: 'contents: read',
  deployment: 'deployments: read and write',
}

/** A forge that does not answer leaves previews as they are: nothing here is a failure. @param path `owner/name` */
export function judgeForge({ away, lacks }: ForgeHealth, path: string): Finding[] {
  const { warning } = findings('forge')
  const found: Finding[] = []
  if (away?.why === 'no-token')
    found.push(
      warning(
        `pull requests of ${path} are known by hooks alone, and nothing is written into them`,
        'set LOTAN_FORGE_TOKEN: docs/pull-requests.md says which rights it needs',
      ),
    )
  else if (away?.why === 'limited')
    found.push(warning(`the forge wants a pause before pull requests of ${path} are read again`, 'it passes by itself'))
  else if (away?.why === 'refused')
    found.push(
      warning(
        `the forge refuses LOTAN_FORGE_TOKEN: pull requests of ${path} are not read`,
        'renew it, and let it read pull requests',
      ),
    )
  else if (away?.why === 'missing')
    found.push(
      warning(
        `the forge shows no repository ${path} to LOTAN_FORGE_TOKEN`,
        'check LOTAN_FORGE_REPOSITORY and the token',
      ),
    )
  else if (away)
    found.push(
      warning(
        `the forge does not answer: pull requests of ${path} are not read`,
        'check LOTAN_FORGE_API, and this server’s way to it; it is tried again by itself',
      ),
    )
  for (const saying of lacks)
    if (saying === COMPARES)
      found.push(
        warning(
          `the forge does not let Lotan compare commits of ${path}: how far behind a preview is, is not told`,
          `give its token the right “${rights[saying]}”`,
        ),
      )
    else
      found.push(
        warning(
          `the forge does not let Lotan write a ${saying} into pull requests of ${path}`,
          `give its token the right “${rights[saying] ?? saying}”, or leave ${saying} out of LOTAN_FORGE_SAYS`,
        ),
      )
  return found
}
