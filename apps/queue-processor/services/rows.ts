/** The rows of a preview's services: who watches the database sees how far each one is. */
import { logFields, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { ServiceRow, ServiceState } from '../../shared/stack/service-state.ts'
import type { Stack } from '../../shared/stack/stack.ts'
import type { Dependencies } from '../dependencies.ts'
import { noteServices } from './note-services.ts'

/** A row for each service of the stack, and for no other. @returns the rows as they were before */
export function writeRows({ store }: Pick<Dependencies, 'store'>, id: PreviewId, stack: Stack): ServiceRow[] {
  const before = store.services.of(id)
  noteServices({ store }, id, stack)
  for (const { name } of before)
    if (!stack.services.some((service) => service.name === name)) store.services.remove(id, name)
  return before
}

/** One log line a change of state. */
export function setState(
  { store, log }: Pick<Dependencies, 'store' | 'log'>,
  id: PreviewId,
  name: string,
  state: ServiceState,
  what: Partial<ServiceRow> = {},
): void {
  const was = store.services.get(id, name)
  if (!was) return
  const changed = was.state !== state
  store.services.change(id, name, { ...what, state, ...(changed && { since: Date.now() }) })
  if (changed) log.info({ ...logFields(id), service: name, was: was.state, state }, 'service changed')
}
