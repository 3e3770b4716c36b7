/** What becomes of volumes: which are made, which are emptied, which go. Pure. */
import type { Preview } from '../../shared/preview/preview.ts'
import { idOf, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { Standing } from '../../shared/forge/standing.ts'
import { isInUse } from '../../shared/stack/data-use.ts'
import type { ServiceRow } from '../../shared/stack/service-state.ts'
import type { Volume } from '../../shared/stack/stack.ts'
import type { VolumeRow } from '../../shared/store/volumes.ts'

/**
 * `first`: the preview has none of this name yet. `lost`: the engine does not have it any more. `reset`: the image is
 * another one, and the stack wants new data for it.
 */
export type Need = 'none' | 'first' | 'lost' | 'reset'

/** @param isThere whether the engine has it @param image the application's, by the engine's id */
export function needOf(
  volume: Pick<Volume, 'onPush'>,
  row: Pick<VolumeRow, 'image'> | undefined,
  isThere: boolean,
  image: string,
): Need {
  if (!row) return 'first'
  if (!isThere) return 'lost'
  return volume.onPush === 'reset' && row.image !== null && row.image !== image ? 'reset' : 'none'
}

export interface Facts {
  volumes: readonly VolumeRow[]
  previews: ReadonlyMap<PreviewId, Preview>
  services: readonly ServiceRow[]
  standingOf: (id: PreviewId) => Standing
  /** Engine names of those that a copy, or a start, is filling now. */
  filling: ReadonlySet<string>
  /** Milliseconds: LOTAN_DATA_DAYS, and how long a closed change's preview stays. */
  dataFor: number
  closedAfter: number
}

export interface Due {
  /** Engine names of those that go. */
  remove: string[]
  /** Previews whose volumes all go, with what their secrets are made of. */
  removeAll: PreviewId[]
  /** Previews that have a container, or are kept: their volumes are used now. */
  touch: PreviewId[]
}

/** Used volumes are noted so often, in parts of how long they are kept: a volume goes at most that part too early. */
const TOUCHES = 100

export function volumesDue(facts: Facts, now: number): Due {
  const { volumes, filling, dataFor } = facts
  const own = volumes.filter(({ snapshot, state }) => snapshot === null && state === 'current')
  const ids = [...new Set(own.map(idOf))]
  const used = new Set(ids.filter((id) => isUsed(id, facts, now)))
  const closed = new Set(ids.filter((id) => !used.has(id) && isOver(facts.standingOf(id), facts, now)))
  const keepOf = ({ keep }: VolumeRow) => keep ?? dataFor
  const isPast = (volume: VolumeRow) => volume.usedAt + keepOf(volume) <= now
  return {
    remove: volumes
      .filter((volume) => {
        if (volume.state === 'filling') return !filling.has(volume.engine)
        if (volume.state === 'old') return isPast(volume)
        return volume.snapshot === null && !used.has(idOf(volume)) && !closed.has(idOf(volume)) && isPast(volume)
      })
      .map(({ engine }) => engine),
    removeAll: [...closed],
    touch: [...used].filter((id) =>
      own.some((volume) => idOf(volume) === id && now - volume.usedAt >= keepOf(volume) / TOUCHES),
    ),
  }
}

function isUsed(id: PreviewId, { previews, services }: Facts, now: number): boolean {
  const own = services.filter((service) => idOf(service) === id)
  return isInUse(previews.get(id), own, now)
}

function isOver(standing: Standing, { closedAfter }: Facts, now: number): boolean {
  return standing.is === 'closed' && (standing.change.closedAt ?? now) + closedAfter <= now
}
