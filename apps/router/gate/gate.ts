/**
 * The gate (LOTAN_GATE): which requests may reach a preview, decided before anything is looked up or woken.
 *
 *   no pass ──navigation──→ TL_DOMAIN/enter (admin/enter.ts): login or password, then a code
 *                           HOST/.lotan/enter?code=… (entrance.ts): the code becomes a pass, a cookie of this host
 *                           the page itself
 *   share link ─────────→ HOST/.lotan/enter?share=…: the same, without a login
 *   no pass ──else──────→ 401
 */
import { urlOf, type Config } from '../../shared/config/config.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import { asVisitorsSee } from '../../shared/preview/preview.ts'
import { hashOf, isSame, isSecret, makeSecret } from '../../shared/secret.ts'
import type { Grant, Pass, Store } from '../../shared/store/store.ts'
import type { Log } from '../../shared/log.ts'
import { may } from '../access/caller.ts'
import { noteFailedLogins } from '../access/failed-logins.ts'
import { callerByToken } from '../access/tokens.ts'
import { KeysError, openTrustedJobs } from '../access/trusted-jobs.ts'
import type { GatewayRequest } from '../gateway/request.ts'
import { makeCodes } from './codes.ts'

export type Gate = ReturnType<typeof openGate>

/** As the history calls one who is not known by name. */
const VISITOR = 'visitor'

interface GateContext {
  config: Pick<Config, 'gate' | 'adminToken' | 'trustedJobs' | 'forge' | 'domain' | 'publicUrl'>
  store: Pick<Store, 'get' | 'passes' | 'shares' | 'tokens' | 'sessions'>
  log: Log
}

export function openGate({ config, store, log }: GateContext) {
  const codes = makeCodes()
  const callerByJob = openTrustedJobs(config, urlOf(config.domain, config))
  const noteFailed = noteFailedLogins(log)
  const isOn = config.gate.kind !== 'off'
  if (!isOn) store.passes.endAll()

  /** By header, for programs. Its token has to see this preview. @returns who sent it */
  async function byBypass(text: string, preview: PreviewId, address: string | null): Promise<string | undefined> {
    if (isSame(text, config.adminToken)) return 'admin'
    const caller = callerByToken(text, store) ?? (await callerByJob(text).catch(ignoreKeysError))
    if (caller && may(caller, 'read') && caller.sees(preview)) return caller.who
    noteFailed(address ?? undefined, 'bypass')
    return undefined
  }

  function passOf(secrets: readonly string[], preview: PreviewId, now: number): Pass | undefined {
    for (const secret of secrets.filter(isSecret)) {
      const pass = store.passes.find(hashOf(secret), preview, now)
      if (pass) return pass
    }
    return undefined
  }

  /** @returns whose it is, of all that a request carries */
  function byPass(secrets: readonly string[], preview: PreviewId): string | undefined {
    const now = Date.now()
    const pass = passOf(secrets, preview, now)
    if (!pass) return undefined
    if (pass.session === null) return VISITOR
    store.sessions.noteUse({ id: pass.session, lastUsed: pass.lastUsed }, now)
    return pass.user
  }

  function givePass(preview: PreviewId, grant: Grant): { secret: string; until: number } | undefined {
    const secret = makeSecret()
    const until = store.passes.give({ key: hashOf(secret), preview, grant, created: Date.now() })
    return until === undefined ? undefined : { secret, until }
  }

  return {
    isOn,
    codes,

    /** A host that can stand for no preview has nothing to hide. @returns who is let in; undefined: not this one */
    async lets({ id, passes, bypass, isPreflight, address }: GatewayRequest): Promise<string | undefined> {
      if (!isOn || id === null) return VISITOR
      const user = byPass(passes, id)
      if (user !== undefined) return user
      if (bypass) return byBypass(bypass, id, address)
      // Browsers send it without cookies. What runs may answer it; nothing is woken for it.
      return isPreflight && asVisitorsSee(store.get(id))?.state === 'running' ? VISITOR : undefined
    },

    /** Undefined where there is no gate, or a token lets the request through. */
    passIn({ id, passes }: Pick<GatewayRequest, 'id' | 'passes'>): Pass | undefined {
      return isOn && id !== null ? passOf(passes, id, Date.now()) : undefined
    },

    /** @returns what its cookie needs; undefined where what it is for has ended */
    givePass,

    /** By the secret of a share link. */
    givePassByShare(preview: PreviewId, secret: string): ReturnType<typeof givePass> {
      const share = isSecret(secret) ? store.shares.find(hashOf(secret), Date.now()) : undefined
      return share && givePass(preview, { share: share.id })
    },

    endPasses(secrets: readonly string[], preview: PreviewId): number {
      return secrets.filter((secret) => store.passes.end(hashOf(secret), preview)).length
    },
  }
}

/** Whether a job's token is right is not known then: it opens nothing. */
function ignoreKeysError(error: unknown): undefined {
  if (!(error instanceof KeysError)) throw error
}
