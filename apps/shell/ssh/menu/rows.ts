import { shownTag } from '../../../shared/preview/copy-tag.ts'
import { idOf } from '../../../shared/preview/preview-id.ts'
import type { ShellContext } from '../../context.ts'
import type { SshKey } from '../keys/keys-file.ts'
import type { Row } from './list.ts'

/** Those that this key may see, by name. */
export function rowsFor({ config, store }: Pick<ShellContext, 'config' | 'store'>, key: SshKey, now: number): Row[] {
  return store
    .list()
    .filter((preview) => config.offers(idOf(preview)) && key.sees(idOf(preview)))
    .map((preview) => ({
      name: shownTag(idOf(preview)),
      state: preview.state,
      visited: preview.lastSeen === null ? 'never visited' : `${age(now - preview.lastSeen)} ago`,
    }))
}

/** `8 s`, `5 min`, `3 h`, `2 d`: one unit, rounded down. */
function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}
