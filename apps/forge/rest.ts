/** When a repository's forge may be asked again, and what is known of its health. */
import type { Log } from '../shared/log.ts'
import { COMPARES, FINE, judgeForge, type ForgeHealth } from '../shared/health/forge.ts'
import type { Store } from '../shared/store/store.ts'
import type { ForgeError } from './clients/forge.ts'

export type Rest = ReturnType<typeof openRest>

const FIRST_MS = 2_000
const LONGEST_MS = 60_000
/** A forge asks for no longer pause: one that ends later was reckoned by another clock. */
const LONGEST_LIMIT_MS = 60 * 60_000 + LONGEST_MS

/** @param longest milliseconds: after an absence the forge is read within it */
export function openRest(
  { name, path }: { name: string; path: string },
  { store, log, longest }: { store: Pick<Store, 'facts'>; log: Log; longest: number },
) {
  let until = 0
  let failures = 0
  let health: ForgeHealth = store.facts.get('forge', name) ?? FINE

  function note(now: ForgeHealth) {
    if (JSON.stringify(now) === JSON.stringify(health)) return
    health = now
    if (health === FINE || (health.away === null && health.lacks.length === 0)) store.facts.forget('forge', name)
    else store.facts.set('forge', health, name)
  }

  function tell(wrong: ForgeHealth) {
    for (const { says, advice } of judgeForge(wrong, path)) log.warn({ repository: path, advice }, says)
  }

  return {
    /** Milliseconds; 0: it may be asked. */
    left: (now = Date.now()): number => (until - now > LONGEST_LIMIT_MS ? 0 : Math.max(0, until - now)),

    /** Of a read that failed, or of any call where it means the forge as a whole. */
    failed(error: ForgeError, now = Date.now()): void {
      failures += 1
      const backOff = Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS, longest)
      until =
        error.code === 'limited' ? (error.retryAt ?? now + LONGEST_MS) : now + backOff * (0.75 + Math.random() / 4)
      const { away } = health
      // The client's own pace is one, too, and short.
      const isShort = error.code === 'limited' && until - now < LONGEST_MS
      if (isShort || away?.why === error.code) return
      const wrong = { why: error.code, since: now }
      log.debug({ repository: path, err: error }, 'the forge cannot be asked')
      tell({ away: wrong, lacks: [] })
      note({ ...health, away: wrong })
    },

    worked(): void {
      failures = 0
      if (health.away) log.info({ repository: path, was: health.away.why }, 'the forge answers')
      note({ ...health, away: null })
    },

    lacks(saying: string): void {
      if (health.lacks.includes(saying)) return
      tell({ away: null, lacks: [saying] })
      note({ ...health, lacks: [...health.lacks, saying].sort() })
    },

    mayAgain(saying: string): void {
      if (health.lacks.includes(saying)) note({ ...health, lacks: health.lacks.filter((one) => one !== saying) })
    },

    /** Those of another token, or of other settings, are over. */
    begin(token: string | null, says: readonly string[], now = Date.now()): void {
      if (token !== null) {
        const away = health.away?.why === 'no-token' ? null : health.away
        return note({ away, lacks: health.lacks.filter((saying) => saying === COMPARES || says.includes(saying)) })
      }
      const away = { why: 'no-token' as const, since: health.away?.why === 'no-token' ? health.away.since : now }
      tell({ away, lacks: [] })
      note({ away, lacks: [] })
    },
  }
}
