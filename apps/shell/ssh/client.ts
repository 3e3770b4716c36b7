/** Who has come, and what that key may. */
import type { Socket } from 'node:net'
import type { Actor } from '../../shared/actor.ts'
import { meantBy } from '../../shared/preview/copy.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import { scopes } from '../../shared/scope.ts'
import type { ShellContext } from '../context.ts'
import { NoEntry } from '../no-entry.ts'
import { noSuchTag } from '../wake.ts'
import type { SshKey } from './keys/keys-file.ts'

/** A connection of which it is known whose it is. */
export interface Client {
  key: SshKey
  /** The name that it came with: `pr-7+db`. */
  user: string
  actor: Actor
  socket: Socket
  /** Aborted once it has gone. */
  left: AbortSignal
  /** Sessions that are under way: each settles once its client has been told its end. */
  served: Set<Promise<void>>
}

/** @throws NoEntry */
export function checkRights({ key }: Client): void {
  if (scopes.indexOf(key.can) >= scopes.indexOf('shell')) return
  throw new NoEntry('not-allowed', `This key may ${key.can}. To look inside a preview it has to have can="shell" in the file of keys.`) // prettier-ignore
}

/** A tag that the key does not match is none: of it the same is said as of one that there is not. @throws NoEntry */
export function previewFor(
  { config, store }: Pick<ShellContext, 'config' | 'store'>,
  { key }: Client,
  shown: PreviewId,
): PreviewId {
  const id = meantBy(shown, (copy) => store.get(copy) !== undefined)
  if (config.offers(id) && !key.sees(id)) throw noSuchTag(id)
  return id
}
