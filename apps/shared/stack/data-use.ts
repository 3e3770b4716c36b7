/** Whether volumes of a preview are in use. Pure. */
import { generationsOf, isPinned, type Preview } from '../preview/preview.ts'
import type { ServiceRow } from './service-state.ts'

/**
 * Where it has a container, even one that sleeps, or gets one now.
 * @param now milliseconds since 1970; then a pin counts too
 */
export function isInUse(
  preview: Preview | undefined,
  services: readonly Pick<ServiceRow, 'container'>[],
  now?: number,
): boolean {
  if (services.some(({ container }) => container !== null)) return true
  if (!preview) return false
  if (now !== undefined && isPinned(preview, now)) return true
  if (generationsOf(preview).some(({ container }) => container !== null)) return true
  return !['stopped', 'failed', 'unknown'].includes(preview.state)
}
