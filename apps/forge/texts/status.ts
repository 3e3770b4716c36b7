/** The status of a change's head commit. Pure. */
import { failureWords } from '../../shared/words/failure-words.ts'
import type { Status } from '../clients/forge.ts'
import { REVISION_LABEL } from '../meant.ts'
import type { Shown } from '../shown.ts'
import { seconds } from './amounts.ts'
import { shortOf } from './comment.ts'

/** GitHub's bound. */
export const MOST_CHARACTERS = 140

export interface StatusFacts {
  shown: Shown
  tag: string
  sha: string
  places: { preview: string; details: string }
}

/** Undefined where the status is left as it is: the change is over. */
export function statusOf(facts: StatusFacts): Status | undefined {
  const { shown, tag, sha, places } = facts
  const pending = (description: string, url: string | null = places.preview): Status => ({
    state: 'pending',
    description: bounded(description),
    url,
  })
  switch (shown.is) {
    case 'over':
    case 'kept':
      return undefined
    case 'asks':
      return pending('From a fork: it waits until somebody who runs the previews approves it', places.details)
    case 'refused':
      return pending('Previews of forks are not run here', null)
    case 'noImage':
      return pending(`Waits for the image ${tag}`, null)
    default:
      return pendingByCommit(shown, sha, pending) ?? judged(shown, facts, pending)
  }
}

type Judged = Shown & { is: 'failed' | 'opens' | 'untried' | 'answered' }
type Pending = (description: string) => Status

/** What another commit's image does says nothing of the head. */
function pendingByCommit({ is, commit }: Judged, sha: string, pending: Pending): Status | undefined {
  switch (commit.is) {
    case 'behind':
      return pending(
        `Shows ${shortOf(commit.revision)}, ${commit.commits} commit${commit.commits === 1 ? '' : 's'} behind: ` +
          `waits for the image of ${shortOf(sha)}`,
      )
    case 'foreign':
      return pending(
        `Shows ${shortOf(commit.revision)}, which is not a commit of this change: waits for the image of ${shortOf(sha)}`,
      )
    case 'unread':
      return pending(`Shows ${shortOf(commit.revision)}: the forge has not told how it lies to ${shortOf(sha)}`)
    case 'unknown':
      return is === 'failed' ? undefined : pending(`Commit unknown: the image needs the label ${REVISION_LABEL}`)
    case 'head':
      return undefined
  }
}

function judged(shown: Judged, { tag, sha, places }: StatusFacts, pending: Pending): Status {
  const of = shortOf(sha)
  switch (shown.is) {
    case 'failed': {
      const { sentence } = failureWords(tag, shown.reason)
      return { state: 'failure', description: bounded(`Did not start: ${sentence}`), url: places.preview }
    }
    case 'opens':
      return { state: 'success', description: `Opens on a click (${of})`, url: places.preview }
    case 'answered': {
      const after = shown.after === null ? '' : ` after ${seconds(shown.after)}`
      return { state: 'success', description: `It answered${after} (${of})`, url: places.preview }
    }
    case 'untried':
      return pending('Waits to be started once, to see whether it answers')
  }
}

function bounded(text: string): string {
  const characters = [...text.replace(/\s+/g, ' ').trim()]
  if (characters.length <= MOST_CHARACTERS) return characters.join('')
  return `${characters
    .slice(0, MOST_CHARACTERS - 1)
    .join('')
    .trimEnd()}…`
}
