/**
 * What is due. The reaper's rule, pure: what SQLite says is wanted and known, held against what the engine runs.
 *
 * It compares in both directions: a row whose container is not there, and a container that no row knows.
 */
import type { Config } from '../shared/config.ts'
import { dueOf } from '../shared/due.ts'
import type { Container } from '../shared/engine.ts'
import { generationOf, type Event, type In, type Preview } from '../shared/preview.ts'

export interface Facts {
  previews: readonly Preview[]
  /** This instance's containers; null when the engine was not read, or did not answer: then nothing is concluded. */
  containers: readonly Container[] | null
  /** Free places of LOTAN_MAX_RUNNING. */
  room: number
  /** Whether the tag has ever had a row in this database. */
  hadRow: (tag: string) => boolean
  config: Pick<Config, 'stopAfter' | 'rmiAfter' | 'repository'>
}

export type Action =
  /** Let the event change the preview, and ask the queue-processor for what that leaves to do. */
  | { do: 'apply'; tag: string; event: Event }
  /** Ask the queue-processor to look at a preview as it is. */
  | { do: 'ask'; preview: Preview }
  /** Ask for what is left of containers that no row knows to be removed. */
  | { do: 'sweep'; tag: string }
  /** A running preview's container does not run (null: is not there): say why, and have it started again. */
  | { do: 'exited'; preview: In<'running'>; container: string | null }
  /** A running container whose row was lost with the database. */
  | { do: 'adopt'; container: Container }

/** A wish this old has either a job at work on it, or lost its nudge; asking again is harmless. */
const ASK_AGAIN_MS = 3_000
/** A preview of which nothing is left is forgotten after a day. */
const FORGET_MS = 24 * 60 * 60_000

/** @param now milliseconds since 1970 */
export function plan(facts: Facts, now: number): Action[] {
  const actions: Action[] = []
  for (const preview of facts.previews) {
    const action = ofPreview(preview, facts, now)
    if (action) actions.push(action)
  }
  return facts.containers ? [...actions, ...ofContainers(facts.previews, facts.containers, facts, now)] : actions
}

function ofPreview(preview: Preview, { config, room }: Facts, now: number): Action | undefined {
  const { tag } = preview
  const age = now - preview.since
  const due = dueOf(preview, config)
  if (due && due.at <= now) {
    return due.what === 'stop' ? { do: 'apply', tag, event: { type: 'stop', why: 'idle' } } : { do: 'ask', preview }
  }
  switch (preview.state) {
    case 'queued':
      return room > 0 && now >= preview.notBefore && age >= ASK_AGAIN_MS ? { do: 'ask', preview } : undefined
    case 'pulling':
    case 'starting':
    case 'stopping':
    case 'removing':
      return age >= ASK_AGAIN_MS ? { do: 'ask', preview } : undefined
    case 'failed': {
      // What nobody visits any more is not tried again.
      const visited = now - (preview.lastSeen ?? 0) < config.stopAfter
      if (preview.retryAt === null || now < preview.retryAt || !visited) return undefined
      return { do: 'apply', tag, event: { type: 'start', by: 'retry' } }
    }
    case 'stopped':
      return !preview.image && !preview.generation && now - Math.max(preview.since, preview.lastSeen ?? 0) >= FORGET_MS
        ? { do: 'apply', tag, event: { type: 'forget' } }
        : undefined
    default:
      return undefined
  }
}

function ofContainers(
  previews: readonly Preview[],
  containers: readonly Container[],
  facts: Facts,
  now: number,
): Action[] {
  const rows = new Map(previews.map((preview) => [preview.tag, preview]))
  const actions: Action[] = []
  const sweeps = new Set<string>()
  for (const container of containers) {
    const preview = rows.get(container.tag)
    if (container.repository !== facts.config.repository) {
      // REPOSITORY was changed: its previews are another repository's now.
      if (!preview) sweeps.add(container.tag)
      else if (preview.state !== 'removing')
        actions.push({ do: 'apply', tag: container.tag, event: { type: 'remove' } })
    } else if (!preview) {
      // Without a row there are two stories: it was removed, which the history tells, or the database was lost.
      if (container.running && !facts.hadRow(container.tag)) actions.push({ do: 'adopt', container })
      else sweeps.add(container.tag)
    } else if (isCorpse(preview, container, now)) sweeps.add(container.tag)
  }
  for (const tag of sweeps) actions.push({ do: 'sweep', tag })

  for (const preview of previews) {
    if (preview.state !== 'running') continue
    const mine = containers.find(({ id }) => id === preview.generation.container)
    if (!mine) actions.push({ do: 'exited', preview, container: null })
    else if (!mine.running) actions.push({ do: 'exited', preview, container: mine.id })
  }
  return actions
}

/** A container that its tag's row does not mean, or that runs though its row says it is stopped. */
function isCorpse(preview: Preview, container: Container, now: number): boolean {
  // While the queue-processor works on a tag, what it makes may be ahead of what it has told.
  const settled = ['running', 'stopped', 'failed'].includes(preview.state) && now - preview.since >= ASK_AGAIN_MS
  if (!settled) return false
  if (generationOf(preview)?.container !== container.id) return true
  return preview.state === 'stopped' && container.running
}
