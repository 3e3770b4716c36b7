/** What answers at a slot's address. It holds the slot: no other has it until this one gives it up. */
import { generationsOf, type Preview } from './preview.ts'
import type { PreviewKey } from './preview-id.ts'

export interface Endpoint extends PreviewKey {
  kind: 'container'
  slot: number
  number: number
}

export function endpointsOf(preview: Preview): Endpoint[] {
  const { repository, tag } = preview
  return generationsOf(preview).flatMap(({ number, slot }) =>
    slot === null ? [] : [{ kind: 'container', slot, repository, tag, number }],
  )
}
