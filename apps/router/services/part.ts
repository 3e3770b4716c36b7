/** What of a preview is asked for: its application, or one of its services. */
import { shownTag } from '../../shared/preview/copy-tag.ts'
import { idOf } from '../../shared/preview/preview-id.ts'
import { generationOf, type Preview } from '../../shared/preview/preview.ts'
import type { ServiceRow } from '../../shared/stack/service-state.ts'

export interface PartOfPreview {
  /** Null for the application. */
  service: string | null
  /** In a sentence: `pr-7`, `db of pr-7`. */
  name: string
  container: string | null
}

/** @param service undefined, or empty: the application @returns undefined where its stack has no such service */
export function partOf(
  preview: Preview,
  service: string | undefined,
  services: readonly Pick<ServiceRow, 'name' | 'container'>[],
): PartOfPreview | undefined {
  const id = shownTag(idOf(preview))
  if (!service) return { service: null, name: id, container: generationOf(preview)?.container ?? null }
  const found = services.find(({ name }) => name === service)
  return found && { service, name: `${service} of ${id}`, container: found.container }
}

/** `pr-7 has no such service; it has db, mail.` */
export function noServiceWords(preview: Preview, services: readonly Pick<ServiceRow, 'name'>[]): string {
  const names = services.map(({ name }) => name).join(', ')
  return names === ''
    ? `${shownTag(idOf(preview))} has no services that are known now.`
    : `${shownTag(idOf(preview))} has no such service; it has ${names}.`
}
