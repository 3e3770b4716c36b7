/** What visitors see of a preview that its pull request does not let run. */
import { shownTag } from '../../shared/preview/copy-tag.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { ChangeWords } from '../words/change-words.ts'
import { behindTag, spokenName } from '../words/preview-names.ts'
import type { Brand } from './brand.ts'
import type { NearTag } from './visitor-pages.ts'
import { visitorsView, type Page } from './views.ts'

const views = {
  closed: visitorsView('closed', ['closed.js']),
  approval: visitorsView('approval', ['approval.js']),
}

type Told = Pick<ChangeWords, 'name' | 'title' | 'author' | 'href'>

export interface ClosedModel {
  id: PreviewId
  change: Told
  /** Else it was closed as it is. */
  isMerged: boolean
  /** Where what it changed is, or where that would have gone. */
  fallback: NearTag | null
}

export function closedPage({ id, ...model }: ClosedModel, brand: Brand): Page {
  return views.closed({ ...namesOf(id), ...model }, brand)
}

export interface ApprovalModel {
  id: PreviewId
  /** Null while it is not known. */
  change: Told | null
  details: string
  /** Seconds, where there is no script. */
  again: number
}

export function approvalPage({ id, ...model }: ApprovalModel, brand: Brand): Page {
  return views.approval({ ...namesOf(id), ...model }, brand)
}

function namesOf(id: PreviewId) {
  return { name: spokenName(id), tag: shownTag(splitId(id).tag), behind: behindTag(id) }
}
