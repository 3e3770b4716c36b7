/** Pure. What pages say of a change. Its texts are as its author wrote them at the forge: each is made one line first. */
import { behindText, changeName, changeUrl, oneLine } from '../../shared/forge/change-text.ts'
import { commitsBehind } from '../../shared/forge/behind.ts'
import type { KnownChange } from '../../shared/forge/change.ts'

/** As people count them. */
const [LONGEST_TITLE, LONGEST_AUTHOR, LONGEST_BRANCH] = [120, 40, 80]
const SHORT = 10

/** `undefined`: no forge is configured. */
export type ForgeKind = 'github' | 'gitlab' | 'gitea' | undefined

export interface ChangeWords {
  /** `#3001` */
  name: string
  title: string
  author: string
  branch: string
  href: string
  /** `open`; where it comes from, if from elsewhere. */
  standing: string
  /** Of its head, short. */
  head: string
  /** `2 behind`, or nothing. */
  behind: string
  /** How its image lies to its head: a sentence's end. */
  commit: string
}

/** @param revision of the image */
export function changeWords(change: KnownChange, revision: string | null, forge: ForgeKind): ChangeWords {
  const commits = commitsBehind(revision, change)
  const head = oneLine(change.sha, SHORT + 1).slice(0, SHORT)
  return {
    name: changeName(change, forge),
    title: oneLine(change.title, LONGEST_TITLE),
    author: oneLine(change.author, LONGEST_AUTHOR),
    branch: oneLine(change.branch, LONGEST_BRANCH),
    href: changeUrl(change),
    standing: `${change.state}${change.fork ? ', from a fork' : ''}`,
    head,
    behind: behindText(commits),
    commit: commitWords(commits, head, revision),
  }
}

function commitWords(commits: number | null, head: string, revision: string | null): string {
  if (commits === 0) return 'its newest commit'
  if (commits !== null) return `${commits} ${commits === 1 ? 'commit' : 'commits'} behind ${head}`
  return revision === null ? 'commit unknown' : `whether it is behind ${head} is not known`
}

/** `#3001 Change the banner, by anna` */
export function changeLine({ name, title, author }: Pick<ChangeWords, 'name' | 'title' | 'author'>): string {
  return `${[name, title].filter(Boolean).join(' ')}${author ? `, by ${author}` : ''}`
}
