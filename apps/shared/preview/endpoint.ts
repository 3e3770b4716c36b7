/** What answers at a slot's address. It holds the slot: no other has it until this one gives it up. */
import { generationsOf, type Preview } from './preview.ts'
import type { PreviewKey } from './preview-id.ts'

/** `sandbox`: it goes on holding the slot when the container that joined it has ended. */
export type Endpoint =
  | ({ kind: 'container'; slot: number; number: number } & PreviewKey)
  | { kind: 'sandbox'; slot: number; sandbox: number }

export function endpointsOf(preview: Preview): Endpoint[] {
  const { repository, tag } = preview
  return generationsOf(preview).flatMap(({ number, slot, sandbox }): Endpoint[] => {
    if (slot === null) return []
    if (sandbox !== null) return [{ kind: 'sandbox', slot, sandbox }]
    return [{ kind: 'container', slot, repository, tag, number }]
  })
}
