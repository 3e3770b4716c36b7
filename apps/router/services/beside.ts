import type { PreviewId } from '../../shared/preview/preview-id.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import { stackOf } from '../../shared/stack/stack-of.ts'
import type { RouterContext } from '../context.ts'
import { partLimits } from '../../shared/stack/part-limits.ts'
import { bytesOf } from '../../shared/config/values/amount.ts'
import type { Config } from '../../shared/config/config.ts'
import { limitsOf } from '../../shared/config/limits.ts'
import { idOf } from '../../shared/preview/preview-id.ts'
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

/** Of its container and all its services: bytes and processors. */
export function limitsOfAll(
  preview: Preview,
  config: StackConfig & Pick<Config, 'limits' | 'ceilings'>,
): { memory: number; cpus: number } {
  const own = limitsOf(preview.image?.labels ?? {}, config).limits
  const read = preview.image ? stackOf(idOf(preview), preview.image, config) : null
  const services = read && 'stack' in read ? read.stack.services : []
  const all = [own, ...services.map((service) => partLimits(service, config.limits, config))]
  return {
    memory: all.reduce((sum, { memory }) => sum + bytesOf(memory)!, 0),
    cpus: all.reduce((sum, { cpus }) => sum + cpus, 0),
  }
}
