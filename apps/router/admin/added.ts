/** What the form that adds asks for. Pure. */
import type { Config } from '../../shared/config/config.ts'
import { NAMELESS, idOf, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import { isTag } from '../../shared/tag.ts'
import type { ListFacts } from '../pages/list/row.ts'
import { filterName } from '../words/preview-names.ts'

type Asked = { id: PreviewId } | { status: 400 | 403; problem: NonNullable<ListFacts['problem']> }

/**
 * `api/pr-7` is understood too, whichever repository is chosen.
 * @param sent.repository the name of the chosen one; without it the first is meant
 */
export function addedBy(
  { tag: typed, repository: chosen }: Record<string, unknown>,
  config: Pick<Config, 'repositories' | 'offers'>,
): Asked {
  const text = typeof typed === 'string' ? typed.trim() : ''
  const { repositories } = config
  const meant = typeof chosen === 'string' ? chosen : repositories[0]!.name
  const id = text.includes('/') ? idOf(splitId(text)) : idOf({ repository: meant, tag: text })
  const { repository, tag } = splitId(id)
  const refused = (status: 400 | 403, sentence: string): Asked => ({
    status,
    problem: { tag: text, repository: meant, sentence },
  })
  if (!isTag(tag)) return refused(400, NO_TAG)
  if (!repositories.some(({ name }) => name === repository)) {
    const names = repositories.map(({ name }) => name).filter((name) => name !== NAMELESS)
    if (names.length === 0) return refused(400, NO_TAG)
    const which = repository === NAMELESS ? 'Say of which repository it is' : `There is no repository ${repository}`
    return refused(400, `${which}: they are ${names.join(', ')}.`)
  }
  if (config.offers(id)) return { id }
  return refused(403, `That tag is not offered: the setting ${filterName(repository)} does not let it through.`)
}

const NO_TAG = 'That is no tag. A tag has letters, digits, dots, dashes and underscores.'
