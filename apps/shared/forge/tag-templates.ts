/** LOTAN_FORGE_TAG: `pr-{number} {sha7}`, by which the tags of a change are told. Pure. */
import type { Tag } from '../tag.ts'
import type { Change } from './change.ts'

/** Text, and what stands for a part of the change. */
type Piece = { text: string } | { of: keyof typeof parts }

export interface TagTemplate {
  pieces: readonly Piece[]
}

interface Part {
  of: (change: Pick<Change, 'number' | 'sha' | 'branch'>) => string
  /** What it may look like. */
  form: string
}

const parts = {
  number: { of: ({ number }) => String(number), form: '([1-9][0-9]{0,9})' },
  sha: { of: ({ sha }) => sha, form: '([0-9a-f]{40}|[0-9a-f]{64})' },
  sha7: { of: ({ sha }) => sha.slice(0, 7), form: '([0-9a-f]{7})' },
  // What no tag can have becomes a dash, as `/` does: docker/metadata-action does so, too.
  branch: { of: ({ branch }) => branch.replace(/[^A-Za-z0-9_.-]/g, '-'), form: '([A-Za-z0-9_.-]+)' },
} satisfies Record<string, Part>

const LONGEST_TAG = 128

/** Undefined where it is none, or gives no tag, or every change the same. */
export function tagTemplateOf(text: string): TagTemplate | undefined {
  const pieces = text.split(/(\{[^{}]*\})/).filter(Boolean)
  const read = pieces.map((piece): Piece | undefined => {
    const name = /^\{(.*)\}$/.exec(piece)?.[1]
    if (name === undefined) return /^[A-Za-z0-9_.-]+$/.test(piece) ? { text: piece } : undefined
    return name in parts ? { of: name as keyof typeof parts } : undefined
  })
  const found = read.filter((piece) => piece !== undefined)
  if (found.length !== pieces.length || !found.some((piece) => 'of' in piece)) return undefined
  return /^[.-]/.test(text) ? undefined : { pieces: found }
}

/** In the order of the templates; what cannot be a tag is left out. */
export function tagsOf(change: Pick<Change, 'number' | 'sha' | 'branch'>, templates: readonly TagTemplate[]): Tag[] {
  const tags = templates.map(({ pieces }) =>
    pieces.map((piece) => ('text' in piece ? piece.text : parts[piece.of].of(change))).join(''),
  )
  return [...new Set(tags)].filter((tag) => tag.length <= LONGEST_TAG && /^[A-Za-z0-9_]/.test(tag))
}

/** Whether some change may have the tag. */
export function mayBeOfAChange(tag: Tag, templates: readonly TagTemplate[]): boolean {
  return templates.some((template) => formOf(template).test(tag))
}

/** Of the change that a tag must be of, whatever there is; null where only reading all of them can tell. */
export function numberIn(tag: Tag, templates: readonly TagTemplate[]): number | null {
  for (const template of templates) {
    const at = template.pieces.filter((piece) => 'of' in piece).findIndex((piece) => piece.of === 'number')
    const found = at < 0 ? undefined : formOf(template).exec(tag)?.[at + 1]
    if (found) return Number(found)
  }
  return null
}

const forms = new WeakMap<TagTemplate, RegExp>()

function formOf(template: TagTemplate): RegExp {
  const known = forms.get(template)
  if (known) return known
  const text = template.pieces.map((piece) =>
    'text' in piece ? piece.text.replaceAll('.', '\\.') : parts[piece.of].form,
  )
  const form = new RegExp(`^${text.join('')}$`)
  forms.set(template, form)
  return form
}
