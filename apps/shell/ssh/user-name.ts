/** Whom the user's name of `ssh NAME@…` means. Pure. */
import { readShownTag } from '../../shared/preview/copy-tag.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import { isTag } from '../../shared/tag.ts'

export type Asked =
  | { is: 'menu' }
  /** `shown`: as people write it, `api/pr-7--as-anna`; `service`: null for the application. */
  | { is: 'preview'; shown: PreviewId; service: string | null }

/** A tag of this name is reached as `menu+app`. */
const MENU = 'menu'

/** `TAG`, `TAG+SERVICE`, `REPO/TAG`, `REPO/TAG+SERVICE` or `menu`. @returns undefined for what is none of these */
export function readUserName(text: string): Asked | undefined {
  if (text === MENU) return { is: 'menu' }
  const [, repository, tag = '', service = null] =
    /^(?:([a-z][a-z0-9]{0,19})\/)?([A-Za-z0-9_.-]+)(?:\+([a-z][a-z0-9]{0,19}))?$/.exec(text) ?? []
  if (!isTag(tag) && readShownTag(tag) === undefined) return undefined
  return { is: 'preview', shown: repository === undefined ? tag : `${repository}/${tag}`, service }
}
