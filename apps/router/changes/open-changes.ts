/** Which change each preview shows. Without LOTAN_FORGE nothing is asked. */
import type { Config } from '../../shared/config/config.ts'
import type { KnownChange } from '../../shared/forge/change.ts'
import { changeShown } from '../../shared/forge/shown-change.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { Store } from '../../shared/store/store.ts'

export interface Changes {
  of: (id: PreviewId) => KnownChange | null
  /** Of all previews, by one question. */
  all: () => Changes['of']
}

export interface ChangesContext {
  config: Pick<Config, 'forge' | 'pairFallback'>
  store: Pick<Store, 'changes'>
}

export function openChanges({ config, store }: ChangesContext): Changes {
  if (!config.forge) return { of: () => null, all: () => () => null }
  const isFallback = (id: PreviewId) => config.pairFallback.includes(splitId(id).tag)
  return {
    of(id) {
      const changes = store.changes.ofPreview(id)
      return changes.length === 0
        ? null
        : changeShown({ changes, isShared: isFallback(id) || store.changes.isBase(id) })
    },
    all() {
      const known = store.changes.byPreview()
      return (id) => {
        const found = known.get(id)
        if (!found) return null
        return changeShown({ changes: found.map(({ change }) => change), isShared: isFallback(id) || found[0]!.isBase })
      }
    },
  }
}
