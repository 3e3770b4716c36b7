/** Who is inside a preview now. */
import type { Config } from '../shared/config/config.ts'
import type { PreviewId } from '../shared/preview/preview-id.ts'
import type { ShellSession, Store } from '../shared/store/store.ts'

export interface InsideContext {
  config: Pick<Config, 'shell'>
  store: Pick<Store, 'shellSessions'>
}

/** @param preview undefined: any. None where the way in is off: rows that were left then tell of the past. */
export function insideNow({ config, store }: InsideContext, preview?: PreviewId): ShellSession[] {
  if (config.shell === null) return []
  return store.shellSessions.list().filter((session) => preview === undefined || session.preview === preview)
}
