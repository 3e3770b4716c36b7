/** Pure. What people are told of a pull request. */
import type { KnownChange } from '../../shared/forge/change.ts'
import type { Config } from '../../shared/config/config.ts'

export type ForgeKind = NonNullable<Config['forge']>['kind']

/** As its forge writes it: `#3001`, at GitLab `!3001`. */
export function changeName({ number }: Pick<KnownChange, 'number'>, kind: ForgeKind | undefined): string {
  return `${kind === 'gitlab' ? '!' : '#'}${number}`
}

/** What visitors read of it. */
export interface ChangeWords {
  name: string
  title: string
  author: string
  /** Its page at the forge. */
  url: string
}

export function changeWords(change: KnownChange, kind: ForgeKind | undefined): ChangeWords {
  const { title, author, url } = change
  return { name: changeName(change, kind), title, author, url }
}
