/** The cell of a row that says what its preview shows: its change, else the commit of its image, else the image itself. */
import type { KnownChange } from '../../../shared/forge/change.ts'
import { generationOf, type Preview } from '../../../shared/preview/preview.ts'
import { changeLine, changeWords, type ForgeKind } from '../../words/change-words.ts'
import { ago } from '../format.ts'
import { builtAt, commitUrl, shortRevision, sourceOfPreview } from '../image-source.ts'

export interface ChangeCell {
  /** What is sorted by; empty where nothing is known. */
  text: string
  href: string
  /** `built 2 h ago` */
  about: string
  /** Of a change: `#3001`; empty for a commit, and all that follows with it. */
  name: string
  title: string
  author: string
  behind: string
  /** `merged`, or `closed`. */
  over: string
  /** What is cut off, and digest and revision in full. */
  tip: string
}

export function changeCellOf(preview: Preview, change: KnownChange | null, forge: ForgeKind, now: number): ChangeCell {
  const source = sourceOfPreview(preview)
  const image = [digestOf(preview), source.revision && `revision ${source.revision}`]
  if (change) {
    const words = changeWords(change, source.revision, forge)
    const { name, title, author, branch, href, standing, behind, commit } = words
    const over = change.state === 'open' ? '' : change.state
    const tip = [changeLine(words), `${standing}, ${branch}`, preview.image ? commit : '', ...image].filter(Boolean)
    return { text: `${name} ${title}`, href, about: '', name, title, author, behind, over, tip: tip.join('; ') }
  }
  const built = builtAt(source, now)
  const revision = shortRevision(source)
  return {
    text: revision || shortDigest(preview),
    href: revision ? commitUrl(source) : '',
    ...{ name: '', title: '', author: '', behind: '', over: '' },
    about: built === undefined ? '' : `built ${ago(now - built)}`,
    tip: image.filter(Boolean).join(', '),
  }
}

function digestOf(preview: Preview): string {
  return generationOf(preview)?.digest ?? preview.image?.digest ?? preview.image?.id ?? ''
}

function shortDigest(preview: Preview): string {
  return digestOf(preview).replace(/^.*:/, '').slice(0, 8)
}
