/** Reads a repository's changes: all open ones every interval, and each one that a hook hints at. */
import { setTimeout as sleep } from 'node:timers/promises'
import { tagsOf } from '../shared/forge/tag-templates.ts'
import type { Hint } from '../shared/store/store.ts'
import { ForgeError, type ForgeChange } from './clients/forge.ts'
import type { ForgeContext, Repository } from './context.ts'

const LOOK_MS = 100
/** However many hooks come. */
const BETWEEN_READS_MS = 2_000

export async function readChanges(
  { store, settings, log, signal }: ForgeContext,
  { name, path, forge, rest }: Repository,
): Promise<void> {
  let allAt: number | undefined
  let seen: number | undefined
  let waiting: Hint[] = []
  /** When each was read last, milliseconds of this process's clock. */
  const readAt = new Map<number, number>()

  function put(change: ForgeChange) {
    store.changes.put({ ...change, repository: name }, tagsOf(change, settings.templates), Date.now())
  }

  /** @returns whether there is one of that number */
  async function readOne(number: number): Promise<boolean> {
    readAt.set(number, performance.now())
    const change = await forge.change(number)
    if (change) put(change)
    return change !== undefined
  }

  /** Nobody can merge what the forge has no more. Said only where the list has just been read: the token sees the rest. */
  function putGone(number: number) {
    const known = store.changes.get({ repository: name, number })
    if (known) put({ ...known, state: 'closed', updated: Math.max(known.updated, Date.now()) })
  }

  async function readAll() {
    const began = performance.now()
    const open = await forge.openChanges()
    for (const change of open) put(change)
    const numbers = new Set(open.map(({ number }) => number))
    const gone = store.changes.open().filter(({ repository, number }) => repository === name && !numbers.has(number))
    for (const { number } of gone) {
      if (signal.aborted) return
      if (!(await readOne(number))) putGone(number)
    }
    allAt = began
    log.debug({ repository: path, open: open.length, gone: gone.length }, 'open changes are read')
  }

  function hints(): Hint[] {
    const version = store.version()
    if (version === seen) return waiting
    seen = version
    return (waiting = store.hints.list('change').filter(({ repository }) => repository === name))
  }

  function done(some: readonly Hint[]) {
    for (const hint of some) store.hints.done(hint)
    waiting = waiting.filter((hint) => !some.includes(hint))
  }

  async function readDue() {
    const found = hints()
    if (allAt === undefined || performance.now() - allAt >= settings.interval || found.some(isOfAll)) {
      await readAll()
      done(found)
      return rest.worked()
    }
    for (const [number, at] of readAt) if (performance.now() - at >= BETWEEN_READS_MS) readAt.delete(number)
    for (const hint of found) {
      const number = Number(hint.subject)
      if (readAt.has(number)) continue
      if (Number.isSafeInteger(number) && number > 0) {
        if (!(await readOne(number))) allAt = undefined
        rest.worked()
      }
      done([hint])
    }
  }

  while (!signal.aborted) {
    try {
      if (rest.left() === 0) await readDue()
    } catch (error) {
      if (!(error instanceof ForgeError)) throw error
      rest.failed(error)
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {})
  }
}

function isOfAll({ subject }: Hint): boolean {
  return subject === ''
}
