/** What a configuration says of its repositories, for tests that need no more of one. */
import type { Repository } from '../../shared/repository.ts'
import { NAMELESS } from '../../shared/preview/preview-id.ts'

export function repositoriesAt(reference: string, named: Record<string, string> = {}): Repository[] {
  return Object.entries({ [NAMELESS]: reference, ...named }).map(([name, reference]) => ({
    name,
    reference,
    offers: () => true,
    containerEnv: {},
  }))
}

/** Where hosts stand for tags of the nameless repository alone. */
export const oneRepository = { hostForm: 'nested', repositories: [{ name: NAMELESS }] } as const
