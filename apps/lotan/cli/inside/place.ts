/** `pr-7`, `api/pr-7`, `pr-7+db`: a preview, or a service of its stack, as SSH takes it too. Pure. */
import type { PreviewId } from '../../../shared/preview/preview-id.ts'

export interface Place {
  id: PreviewId
  /** Null: its application. */
  service: string | null
}

/** No tag has a plus sign. @returns `why` for what names no service */
export function readPlace(text: string): Place | { why: string } {
  const at = text.indexOf('+')
  if (at < 0) return { id: text, service: null }
  const service = text.slice(at + 1)
  if (!isService(service)) return { why: `'${service}' is no name of a service: write TAG+SERVICE, as pr-7+db` }
  return { id: text.slice(0, at), service }
}

export function isService(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/.test(text)
}

export function shownPlace({ id, service }: Place): string {
  return service === null ? id : `${id}+${service}`
}
