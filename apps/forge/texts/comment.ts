/** The comment of a change: one, edited in place. Pure. */
import { failureWords } from '../../shared/words/failure-words.ts'
import { REVISION_LABEL, type Commit } from '../meant.ts'
import type { Shown } from '../shown.ts'
import { builtAt, seconds, size, span, within } from './amounts.ts'
import { code, link, picture, plain } from './markdown.ts'

export interface CommentFacts {
  /** Its first line, by which it is found again. */
  mark: string
  shown: Shown
  change: { number: number; sha: string; state: 'open' | 'closed' | 'merged'; base: string }
  /** What the forge writes before a change's number: `#`, GitLab `!`. */
  sign: string
  tag: string
  /** Where its preview opens, where an admin sees it, and its badge. */
  places: { preview: string; details: string; badge: string }
  image: { digest: string; bytes: number | null; created: string | null } | null
  /** How long a start of it took last, milliseconds; null where it has not been started. */
  usual: number | null
  /** Milliseconds. */
  sleepsAfter: number
  gate: 'off' | 'password' | 'login'
  /** Whose preview stays when this one goes; null where there is none. */
  fallback: { tag: string; url: string } | null
}

/** @param application what tells two Lotans' comments apart */
export function markOf(application: string, number: number): string {
  return `<!-- lotan:preview:${application}:${number} -->`
}

export function commentOf(facts: CommentFacts): string {
  return [facts.mark, ...paragraphsOf(facts)].join('\n').trimEnd()
}

function paragraphsOf(facts: CommentFacts): string[] {
  const { shown, tag, places, change, sign } = facts
  const badge = (words: string) => picture(`preview: ${words}`, places.badge)
  const opens = `**${link('Open the preview', places.preview)}** ${picture('preview', places.badge)}`
  const name = `${sign}${change.number}`
  switch (shown.is) {
    case 'over':
      return [`**Preview removed**, ${name} is ${change.state}.${fallbackWords(facts)}`]
    case 'kept':
      return [`${name} is ${change.state}; its **${link('preview', places.preview)}** stays.`]
    case 'asks':
      return [
        `**Preview waits for approval** ${badge('waits for approval')}`,
        '',
        'The change comes from a fork. Somebody who runs the previews ' +
          `${link('looks at it and approves it', places.details)}; it then opens at its address.`,
      ]
    case 'refused':
      return ['**No preview**', '', 'The change comes from a fork, and previews of forks are not run here.']
    case 'noImage':
      return [
        `**Preview** ${badge('no image yet')}`,
        '',
        `It opens at **${link(plain(places.preview), places.preview)}** once the build has pushed ${code(tag)}. ` +
          'Nothing else to do.',
      ]
    case 'failed':
      return [
        `**Preview did not start** ${badge('failed')}`,
        '',
        `${plain(failureWords(tag, shown.reason).sentence)}${failedCommit(shown.commit)} ` +
          `${link('Last lines and details', places.details)}, ${link('try again', places.preview)}.`,
      ]
    case 'untried':
    case 'opens':
    case 'answered':
      return [opens, '', ...commitLines(facts, shown)]
  }
}

function commitLines(facts: CommentFacts, shown: Shown & { is: 'untried' | 'opens' | 'answered' }): string[] {
  const { commit } = shown
  switch (commit.is) {
    case 'behind':
      return [
        `It shows ${shortly(commit.revision)}, **${commit.commits} commit${commit.commits === 1 ? '' : 's'} behind** ` +
          `${shortly(facts.change.sha)}. It changes by itself when the build has pushed.`,
        '',
        ...tableOf(facts, shown),
      ]
    case 'foreign':
      return [
        `It shows ${shortly(commit.revision)}, **which is not a commit of this change**. Its newest one is ` +
          `${shortly(facts.change.sha)}. It changes by itself when the build has pushed.`,
        '',
        ...tableOf(facts, shown),
      ]
    case 'unknown':
      return [
        `Which commit it shows is unknown: its image needs the label ${code(REVISION_LABEL)}.`,
        '',
        ...tableOf(facts, shown),
      ]
    default:
      return tableOf(facts, shown)
  }
}

function tableOf(facts: CommentFacts, shown: Shown & { is: 'untried' | 'opens' | 'answered' }): string[] {
  const { image, usual, sleepsAfter, gate } = facts
  const { commit } = shown
  const wait = usual === null ? undefined : within(usual)
  const columns: [string, string | undefined][] = [
    ['Commit', commitCell(commit)],
    ['Image', image ? imageCell(image) : undefined],
    shown.is === 'answered'
      ? ['It answered', shown.after === null ? 'yes' : `after ${seconds(shown.after)}`]
      : ['First answer', wait && `usually within ${wait}`],
    ['To get in', gate === 'off' ? undefined : gate === 'password' ? 'the password of the previews' : 'a login'],
    ['Sleeps after', `${span(sleepsAfter)} without a visit`],
  ]
  const shownColumns = columns.filter((column): column is [string, string] => column[1] !== undefined)
  const row = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [
    row(shownColumns.map(([head]) => head)),
    `|${'---|'.repeat(shownColumns.length)}`,
    row(shownColumns.map(([, cell]) => cell)),
  ]
}

function commitCell(commit: Commit): string {
  return commit.is === 'unknown' ? 'unknown' : shortly(commit.revision)
}

function imageCell({ digest, bytes, created }: NonNullable<CommentFacts['image']>): string {
  const built = builtAt(created)
  const parts = [bytes === null ? undefined : size(bytes), code(digest.replace(/^sha256:/, '').slice(0, 12)), built]
  return parts.filter((part) => part !== undefined).join(', ')
}

function failedCommit(commit: Commit): string {
  return commit.is === 'unknown' ? '' : ` (Commit ${shortly(commit.revision)}.)`
}

function fallbackWords({ fallback, change }: CommentFacts): string {
  if (!fallback) return ''
  const to = `**${link(plain(fallback.tag), fallback.url)}**`
  // Only what went into that branch is there.
  const isThere = change.state === 'merged' && change.base === fallback.tag
  return isThere ? ` What it changed is in ${to}.` : ` The preview of ${to} stays.`
}

/** Of a commit, as people write it; a label may hold any text. */
export function shortly(revision: string): string {
  return code(shortOf(revision))
}

export function shortOf(revision: string): string {
  return revision.replace(/[^\w.-]/g, '').slice(0, 7)
}
