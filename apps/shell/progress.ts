/** How far a preview is that somebody waits for: one short line, as they read it on their terminal. Pure. */
import type { Preview } from '../shared/preview/preview.ts'
import type { ServiceRow } from '../shared/stack/service-state.ts'

export function progressOf(
  preview: Preview | undefined,
  services: readonly Pick<ServiceRow, 'name' | 'state'>[],
): string {
  switch (preview?.state) {
    case undefined:
    case 'unknown':
    case 'stopped':
    case 'failed':
      return 'asked for'
    case 'queued':
      return preview.phase === 'start' ? 'waiting for a place' : 'looking for its image'
    case 'pulling': {
      const { bytes = 0, total = 0 } = preview.progress ?? {}
      return total > 0
        ? `pulling its image, ${Math.min(100, Math.floor((bytes / total) * 100))} %`
        : 'pulling its image'
    }
    case 'starting': {
      const coming = services.filter(({ state }) => state === 'waiting' || state === 'starting').map(({ name }) => name)
      return coming.length > 0 ? `starting, waiting for ${coming.join(', ')}` : 'starting'
    }
    case 'paused':
      return 'waking'
    case 'stopping':
    case 'removing':
      return 'ending first'
    default:
      return 'running'
  }
}
