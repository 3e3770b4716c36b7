/** What a container is told of the previews that it goes with. */
import { urlOf, type Config } from './config/config.ts'
import { pairVariable, type Pair, type Pairs } from './preview/pair.ts'
import type { PreviewId } from './preview/preview-id.ts'
import { hostOf } from './tag.ts'

export interface PairVariable {
  /** `LOTAN_URL_API`. */
  name: string
  /** Where browsers reach it too. */
  url: string
  host: string
  pair: Pair & { preview: PreviewId }
}

type Naming = Parameters<typeof hostOf>[1] & Pick<Config, 'publicUrl'>

/** None for a repository of which no candidate existed. */
export function pairVariables(pairs: Pairs | undefined, naming: Naming): PairVariable[] {
  return Object.entries(pairs ?? {}).flatMap(([repository, { preview, isSure }]) => {
    if (preview === null) return []
    const host = hostOf(preview, naming)
    return [{ name: pairVariable(repository), url: urlOf(host, naming), host, pair: { preview, isSure } }]
  })
}
