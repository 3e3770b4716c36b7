/** Compares the rows of services with the engine's containers, in both directions. Pure. */
import type { ServiceContainer } from '../shared/engine/engine.ts'
import type { Preview } from '../shared/preview/preview.ts'
import { idOf, type PreviewId } from '../shared/preview/preview-id.ts'
import { isLeftOver, type ServiceRow } from '../shared/stack/service-state.ts'

export interface Services {
  rows: readonly ServiceRow[]
  containers: readonly ServiceContainer[]
}

/** `tend`: its preview runs, and a service does not, or no row knows it. `sweep`: it is to be stopped, or to go. */
export type ServiceAction = { do: 'tend' | 'sweep'; id: PreviewId }

/** @param isSettled whether no step works on the preview, and the list is not older than its row */
export function planServices(
  previews: readonly Preview[],
  { rows, containers }: Services,
  isSettled: (preview: Preview) => boolean,
  now: number,
): ServiceAction[] {
  const known = new Map(previews.map((preview) => [idOf(preview), preview]))
  const ids = new Set([...rows, ...containers].map(idOf))
  return [...ids].flatMap((id): ServiceAction[] => {
    const preview = known.get(id)
    const own = containers.filter((container) => idOf(container) === id)
    if (!preview) return own.length > 0 ? [{ do: 'sweep', id }] : []
    if (!isSettled(preview)) return []
    const due = dueOf(preview, rows.filter((row) => idOf(row) === id), own, now) // prettier-ignore
    return due ? [{ do: due, id }] : []
  })
}

function dueOf(
  preview: Preview,
  rows: ServiceRow[],
  containers: ServiceContainer[],
  now: number,
): ServiceAction['do'] | undefined {
  switch (preview.state) {
    case 'running': {
      // The database was lost, and its preview was adopted.
      if (rows.length === 0) return containers.length > 0 ? 'tend' : undefined
      if (rows.some((row) => needsCare(row, containers, now))) return 'tend'
      return containers.some(({ service }) => !rows.some(({ name }) => name === service)) ? 'sweep' : undefined
    }
    case 'paused':
      if (preview.phase !== 'frozen') return undefined
      return containers.some((one) => one.status === 'running' || isLeftOver(one, rows)) ? 'sweep' : undefined
    case 'failed':
    case 'stopped': {
      if (containers.some((one) => one.running || isLeftOver(one, rows))) return 'sweep'
      const isEmpty = !preview.image && !(preview.state === 'stopped' && preview.generation)
      return isEmpty && (containers.length > 0 || rows.length > 0) ? 'sweep' : undefined
    }
    default:
      return undefined
  }
}

function needsCare({ name, state, restartAt }: ServiceRow, containers: ServiceContainer[], now: number): boolean {
  if (state === 'done' || state === 'waiting') return false
  const status = containers.find(({ service }) => service === name)?.status
  if (state === 'restarting') return status === 'running' || restartAt === null || restartAt <= now
  return status !== 'running' || state !== 'running'
}
