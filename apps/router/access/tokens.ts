/** Finds a program's token. */
import { shownTag } from '../../shared/preview/copy-tag.ts'
import { luaPattern } from '../../shared/config/lua-pattern.ts'
import { hashOf, isSecret, makeSecret } from '../../shared/secret.ts'
import type { Store } from '../../shared/store/store.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import type { Caller } from './caller.ts'

/** Scanners of sources find tokens that were left there by it. */
const PREFIX = 'lotan_'

export function makeToken(): string {
  return `${PREFIX}${makeSecret()}`
}

/** Notes its use. */
export function callerByToken(
  text: string,
  { tokens }: Pick<Store, 'tokens'>,
  noteUse: Store['tokens']['noteUse'] = (...use) => tokens.noteUse(...use),
): Caller | undefined {
  if (!text.startsWith(PREFIX) || !isSecret(text.slice(PREFIX.length))) return undefined
  const key = hashOf(text)
  const token = tokens.find(key, Date.now())
  if (!token) return undefined
  noteUse(token, Date.now())
  return {
    via: 'token',
    can: token.can,
    who: `token ${token.name}`,
    // What it matches is the id: `^pr%-` opens no preview of a named repository.
    sees: token.match === null ? () => true : matching(token.match),
    isOver: () => tokens.find(key, Date.now()) === undefined,
  }
}

/** By what people write: `^pr%-7%-%-as%-` are the copies of one preview. */
function matching(pattern: string): (id: PreviewId) => boolean {
  const matches = luaPattern(pattern)
  return (id) => matches(shownTag(id))
}
