/** The variables that tell a container of its pairs, and why they are what they are. Pure. */
import type { Explanation } from '../../shared/api/explain.ts'
import type { Config } from '../../shared/config/config.ts'
import { pairVariables } from '../../shared/pair-variables.ts'
import { pairCandidates, pairVariable, type Pair } from '../../shared/preview/pair.ts'
import { generationOf, type Preview } from '../../shared/preview/preview.ts'
import { idOf, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { Naming } from '../../shared/tag.ts'

type Variable = NonNullable<Explanation['variables']>[number]

/** One for each other repository, by what its container was made with; of one without a container, when that is decided. */
export function explainPairs(
  preview: Preview,
  config: Naming & Pick<Config, 'repositories' | 'pairFallback' | 'publicUrl'>,
): Variable[] {
  const made = generationOf(preview)?.pairs
  const given = pairVariables(made, config)
  return [...pairCandidates(idOf(preview), config)].map(([repository, candidates]) => {
    const name = pairVariable(repository)
    const value = given.find((variable) => variable.name === name)?.url ?? null
    const pair = made?.[repository]
    return { name, value, secret: false, from: null, words: pair ? pairWords(pair, candidates) : LATER }
  })
}

const LATER = 'decided at its next start'

/** `candidates[0]` has the preview's own tag. */
function pairWords({ preview, isSure }: Pair, [own, ...others]: PreviewId[]): string {
  const tags = [own!, ...others].map((id) => splitId(id).tag)
  if (preview === null) return `left out: no ${tags.join(', nor ')} of it existed`
  if (preview === own) return isSure ? 'the same tag' : `the same tag: ${SILENT}, but had listed it`
  return `the fallback ${splitId(preview).tag}: ${isSure ? `${tags[0]} did not exist` : SILENT}`
}

const SILENT = 'its registry did not answer'
