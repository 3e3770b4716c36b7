/** A row a service, as soon as its stack is known: pages name it from then on. */
import type { Reason } from '../../shared/preview/failure-reason.ts'
import { comesUp } from '../../shared/preview/preview.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { ServiceRow, ServiceState } from '../../shared/stack/service-state.ts'
import type { Stack } from '../../shared/stack/stack.ts'
import type { Store } from '../../shared/store/store.ts'

/** The engine's id of an image, and the digest that it was pulled by. */
export interface ChosenImage {
  id: string
  digest: string | null
}

/**
 * What a row knows of a container stays; rows of services that the stack has no more stay too: who stops those removes
 * them. While its preview runs, or sleeps, a row keeps its state.
 * @param chosen by service; one that is not in it keeps its image where the stack names the same
 */
export function noteServices(
  { store }: { store: Pick<Store, 'get' | 'services'> },
  id: PreviewId,
  { services }: Pick<Stack, 'services'>,
  chosen: ReadonlyMap<string, ChosenImage> = new Map(),
  now = Date.now(),
): void {
  const preview = store.get(id)
  const isComing = preview !== undefined && comesUp(preview)
  const known = new Map(store.services.of(id).map((row) => [row.name, row]))
  for (const [place, { name, image }] of services.entries()) {
    const row = known.get(name)
    const was = row?.image === image ? { id: row.imageId, digest: row.digest } : { id: null, digest: null }
    const { id: imageId, digest } = chosen.get(name) ?? was
    const state: ServiceState = isComing
      ? 'waiting'
      : (row?.state ?? (preview?.state === 'running' ? 'waiting' : 'stopped'))
    const noted = { ...(row ?? bare(id, name, now)), place, image, imageId, digest, state }
    if (row && isSame(row, noted)) continue
    store.services.put({ ...noted, ...(row?.state !== state && { since: now }), ...(isComing && { reason: null }) })
  }
}

/** Its preview does not come up after all. @param failed the service that it does not come up for */
export function restServices(
  { store }: { store: Pick<Store, 'get' | 'services'> },
  id: PreviewId,
  failed?: { name: string; reason: Reason },
  now = Date.now(),
): void {
  const isKnown = store.get(id) !== undefined
  for (const { name, state, container } of store.services.of(id)) {
    if (state !== 'waiting') continue
    if (!isKnown && container === null) store.services.remove(id, name)
    else if (name === failed?.name)
      store.services.change(id, name, { state: 'failed', since: now, reason: failed.reason })
    else store.services.change(id, name, { state: 'stopped', since: now })
  }
}

function bare(id: PreviewId, name: string, now: number): Omit<ServiceRow, 'place' | 'image' | 'state'> {
  return {
    ...splitId(id),
    name,
    since: now,
    imageId: null,
    digest: null,
    container: null,
    spec: null,
    slot: null,
    port: null,
    label: null,
    crashes: 0,
    restartAt: null,
    reason: null,
  }
}

function isSame(a: ServiceRow, b: ServiceRow): boolean {
  return (Object.keys(b) as (keyof ServiceRow)[]).every((key) => a[key] === b[key] || key === 'reason')
}
