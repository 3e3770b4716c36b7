/**
 * What the login on the main domain hands to a preview's host, in the address: it opens one preview, once, within 30 s.
 * Kept in memory: after a restart of the router its visitor is led to the login again, and has one still.
 */
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import { makeSecret } from '../../shared/secret.ts'

const LIFE_MS = 30_000
/** More of one session for one preview in that time, and its browser does not keep the pass. */
const MOST_TRIES = 10
const MOST = 10_000

export interface Entry {
  preview: PreviewId
  session: string
  /** Path and query. */
  to: string
}

export type Codes = ReturnType<typeof makeCodes>

export function makeCodes(now: () => number = Date.now) {
  /** In the order in which they end; used ones too, to tell a circle. */
  const codes = new Map<string, Entry & { until: number; isUsed: boolean }>()

  function forget() {
    for (const [secret, { until }] of codes) {
      if (until > now() && codes.size < MOST) break
      codes.delete(secret)
    }
  }

  return {
    /** @returns undefined where it leads in a circle */
    make(entry: Entry): string | undefined {
      forget()
      const { preview, session } = entry
      const tries = [...codes.values()].filter((code) => code.preview === preview && code.session === session)
      if (tries.length >= MOST_TRIES) return undefined
      const secret = makeSecret()
      codes.set(secret, { ...entry, until: now() + LIFE_MS, isUsed: false })
      return secret
    },

    /** Uses it up, also where it was made for another preview. */
    take(secret: string, preview: PreviewId): Entry | undefined {
      forget()
      const code = codes.get(secret)
      if (!code || code.isUsed) return undefined
      code.isUsed = true
      return code.preview === preview ? code : undefined
    },
  }
}
