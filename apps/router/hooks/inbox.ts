/**
 * What hooks have told, on its way into the database. A sender waits for a moment at most: what cannot be written then is
 * kept here, and written soon after. A hint that is lost with this process costs time: forge and registry are read anyway.
 */
import type { Change } from '../../shared/forge/change.ts'
import { tagsOf, type TagTemplate } from '../../shared/forge/tag-templates.ts'
import type { Hint, Store } from '../../shared/store/store.ts'

export type Inbox = ReturnType<typeof openInbox>

export interface Delivery {
  /** Null where its sender gives it none, or is not known. */
  id: string | null
  changes: readonly Change[]
  hints: readonly Omit<Hint, 'at'>[]
}

const RETRY_MS = 250
/** Of each kind: a sender of more, while nothing can be written, fills no memory. What is left out is found by reading. */
const MOST_KEPT = 2_000

export function openInbox({
  store,
  templates,
}: {
  store: Pick<Store, 'writeSoon'> & {
    hints: Pick<Store['hints'], 'note' | 'knows'>
    changes: Pick<Store['changes'], 'put'>
  }
  templates: readonly TagTemplate[]
}) {
  const ids = new Map<string, number>()
  const changes = new Map<string, Change>()
  const hints = new Map<string, Hint>()
  let written = Promise.withResolvers<void>()
  let first: NodeJS.Immediate | undefined
  let retry: NodeJS.Timeout | undefined

  /** One transaction for all that came meanwhile. */
  function write() {
    first = retry = undefined
    const now = Date.now()
    const isWritten = store.writeSoon(() => {
      for (const change of changes.values()) store.changes.put(change, tagsOf(change, templates), now)
      for (const [id, at] of ids) store.hints.note(id, [], at)
      if (hints.size > 0) store.hints.note(null, [...hints.values()], now)
    })
    if (isWritten) for (const kept of [ids, changes, hints]) kept.clear()
    else retry = setTimeout(write, RETRY_MS)
    written.resolve()
    written = Promise.withResolvers()
  }

  function keep({ id, changes: told, hints: given }: Delivery, now: number) {
    if (id !== null) put(ids, id, now)
    for (const change of told) {
      const key = `${change.repository} ${change.number}`
      const known = changes.get(key)
      if (!known || known.updated <= change.updated) put(changes, key, change)
    }
    for (const { kind, repository, subject } of given) {
      put(hints, `${kind} ${repository} ${subject}`, { kind, repository, subject, at: now })
    }
  }

  return {
    /** Resolves once it is written, or cannot be for now. @returns whether it had come before */
    async take(delivery: Delivery): Promise<{ duplicate: boolean }> {
      const { id, changes: told, hints: given } = delivery
      if (id !== null && (ids.has(id) || store.hints.knows(id))) return { duplicate: true }
      if (id === null && told.length + given.length === 0) return { duplicate: false }
      keep(delivery, Date.now())
      if (retry) return { duplicate: false }
      first ??= setImmediate(write)
      await written.promise
      return { duplicate: false }
    },

    /** Writes what is left, where it can. */
    close() {
      if (!first && !retry) return
      clearImmediate(first)
      clearTimeout(retry)
      write()
      clearTimeout(retry)
    },
  }
}

function put<T>(kept: Map<string, T>, key: string, value: T) {
  if (kept.has(key) || kept.size < MOST_KEPT) kept.set(key, value)
}
