import type { PreviewId } from '../../shared/preview/preview-id.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import { stackOf } from '../../shared/stack/stack-of.ts'
import type { RouterContext } from '../context.ts'
import { alone, oneShotsOf, type Beside } from './coming-up.ts'

export type StackConfig = Parameters<typeof stackOf>[2]

/** What comes up beside its application, for who waits for that. */
export function besideOf(
  id: PreviewId,
  preview: Preview | undefined,
  { store, config }: { store: Pick<RouterContext['store'], 'services'>; config: StackConfig },
): Beside {
  const services = store.services.of(id)
  if (services.length === 0) return alone
  const read = preview?.image ? stackOf(id, preview.image, config) : null
  return { services, oneShots: read && 'stack' in read ? oneShotsOf(read.stack) : alone.oneShots }
}
