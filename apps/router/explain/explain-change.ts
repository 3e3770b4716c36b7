/** Pure. The change that a preview shows, how far behind its image is, and who says so. */
import type { Explanation } from '../../shared/api/explain.ts'
import type { KnownChange } from '../../shared/forge/change.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import { changeJson } from '../changes/change-json.ts'
import { shortRevision, sourceOfPreview } from '../pages/image-source.ts'
import { changeLine, changeWords, type ForgeKind } from '../words/change-words.ts'

export function explainChange(preview: Preview, change: KnownChange | null, forge: ForgeKind): Explanation['change'] {
  if (!change || forge === undefined) return null
  const { revision } = sourceOfPreview(preview)
  const told = changeWords(change, revision, forge)
  const what = `It shows ${changeLine(told)}: ${told.standing}, branch ${told.branch}, as ${names[forge]} tells it.`
  const image = preview.image ? ` ${commitWords(shortRevision({ revision }), told.commit)}` : ''
  return { ...changeJson(change, revision), revision, source: forge, words: what + image }
}

const names = { github: 'GitHub', gitlab: 'GitLab', gitea: 'Gitea' } as const

function commitWords(revision: string, commit: string): string {
  return revision === ''
    ? 'Of which commit its image is, is not known: it has no label org.opencontainers.image.revision.'
    : `Its image is of ${revision}, by the label org.opencontainers.image.revision: ${commit}.`
}
