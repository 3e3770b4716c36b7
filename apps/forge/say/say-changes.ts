/** Looks after every commit what is to be written into a repository's changes, and writes it in their own pace. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { KnownChange } from '../../shared/forge/change.ts'
import { factsOf, wantedOf } from '../change-facts.ts'
import { ForgeError } from '../clients/forge.ts'
import type { ForgeContext, Repository } from '../context.ts'
import { verifyChanges } from '../verify/verify.ts'
import { isQuiet, mayWrite, paced, type Pace } from './pace.ts'
import { openRefusals } from './refusals.ts'
import { isToCompare, sayChange, unsaidOf } from './say-change.ts'

const LOOK_MS = 100
/** Not after each of many commits; and where there are many changes, so that looking takes a twentieth of the time. */
const BETWEEN_LOOKS_MS = 500
const TIMES = 20
/** What depends on the time alone: the end of a pin, of a rest. */
const LONGEST_MS = 30_000

export async function sayChanges(context: ForgeContext, repository: Repository): Promise<void> {
  const { store, signal } = context
  const refusals = openRefusals()
  const paces = new Map<number, Pace>()
  let todo: KnownChange[] = []
  let looked = { version: -1, at: -Infinity, took: 0 }

  function look() {
    const now = performance.now()
    const version = store.version()
    const since = now - looked.at
    if (since < Math.max(BETWEEN_LOOKS_MS, looked.took * TIMES) || (version === looked.version && since < LONGEST_MS))
      return
    looked = { version, at: now, took: 0 }
    for (const [number, pace] of paces) if (isQuiet(pace, now)) paces.delete(number)
    todo = toSay()
    looked.took = performance.now() - now
  }

  /** What its forge has changed last is first. */
  function toSay(): KnownChange[] {
    const now = Date.now()
    const changes = store.changes.toTell().filter((change) => change.repository === repository.name)
    const all = changes.flatMap((change) => factsOf(context, change, now) ?? [])
    verifyChanges(context, all, now)
    return all
      .filter((facts) => {
        if (facts.change.state !== 'open' || facts.said.over || isToCompare(facts, refusals)) return true
        return unsaidOf(context, repository, facts, wantedOf(context, repository, facts, now)).length > 0
      })
      .map(({ change }) => change)
      .sort((one, other) => other.updated - one.updated)
  }

  async function sayNext(): Promise<boolean> {
    // Its end is told at once: that comes once.
    const change = todo.find(({ number, state }) => state !== 'open' || mayWrite(paces.get(number), performance.now()))
    if (!change) return false
    const { number } = change
    todo = todo.filter((one) => one !== change)
    const before = paces.get(number)
    const writes = () => void paces.set(number, paced(before, performance.now()))
    await sayChange(context, repository, number, { refusals, writes })
    return true
  }

  while (!signal.aborted) {
    try {
      look()
      if (repository.rest.left() === 0 && (await sayNext())) continue
    } catch (error) {
      if (!(error instanceof ForgeError)) throw error
      repository.rest.failed(error)
      looked.version = -1
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {})
  }
}
