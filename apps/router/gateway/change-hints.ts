/**
 * A visitor of a tag whose pull request is not known lets the forge part look for it. Strangers can make up tags: so many
 * hints are noted, and no more.
 */
import { numberIn } from '../../shared/forge/tag-templates.ts'
import type { Config } from '../../shared/config/config.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { Store } from '../../shared/store/store.ts'
import type { Decision } from './decide.ts'

/** Of one tag at most one hint in so long. */
const REST_MS = 10_000
const AT_ONCE = 20
const MORE_A_SECOND = 2

interface Needs {
  config: { forge: Pick<NonNullable<Config['forge']>, 'templates'> | null }
  store: { hints: Pick<Store['hints'], 'note'> }
}

export function openChangeHints({ config, store }: Needs, clock = () => Date.now()) {
  /** At most as many as come in one rest. */
  const noted = new Map<PreviewId, number>()
  let left = AT_ONCE
  let countedAt = clock()

  return function hintAt(id: PreviewId | null, decision: Decision): void {
    if (!config.forge || id === null || decision.do !== 'refuse' || decision.why !== 'barred') return
    if (decision.standing.change) return
    const { repository, tag } = splitId(id)
    const number = numberIn(tag, config.forge.templates)
    if (number === null) return
    const now = clock()
    // Absolute: a clock that stepped back must not silence it.
    for (const [one, at] of noted) if (Math.abs(now - at) >= REST_MS) noted.delete(one)
    if (noted.has(id)) return
    left = Math.min(AT_ONCE, left + (Math.max(0, now - countedAt) / 1_000) * MORE_A_SECOND)
    countedAt = now
    if (left < 1) return
    left--
    noted.set(id, now)
    store.hints.note(null, [{ kind: 'change', repository, subject: String(number), at: now }], now)
  }
}
