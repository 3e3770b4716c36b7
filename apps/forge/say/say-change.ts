/** Writes into one change what is not there yet. */
import type { Saying } from '../../shared/config/values/forge.ts'
import { changeFields } from '../../shared/forge/change.ts'
import type { Said } from '../../shared/store/store.ts'
import { COMPARES } from '../../shared/health/forge.ts'
import { factsOf, wantedOf, type ChangeFacts, type Wanted } from '../change-facts.ts'
import { ForgeError, type Forge, type Status } from '../clients/forge.ts'
import type { ForgeContext, Repository } from '../context.ts'
import { isCommentSaid, sayComment } from './comment.ts'
import { areDeploymentsSaid, sayDeployment } from './deployments.ts'
import type { Refusals } from './refusals.ts'

/** Those that are wanted, and do not stand yet. */
export function unsaidOf(
  { settings }: ForgeContext,
  { forge }: Repository,
  facts: ChangeFacts,
  wanted: Wanted,
): Saying[] {
  const { change, said } = facts
  const isSaid: Record<Saying, () => boolean> = {
    status: () => !wanted.status || isStatusSaid(said.status, change.sha, wanted.status),
    comment: () => isCommentSaid(said.comment, wanted.comment, change),
    deployment: () => !forge.deployments || areDeploymentsSaid(said.deployments, wanted.deployment, change),
  }
  // The status first: it is what people wait for.
  const order: Saying[] = ['status', 'comment', 'deployment']
  return order.filter((saying) => settings.says.includes(saying) && !isSaid[saying]())
}

/**
 * Each saying by itself: where one fails, the others are said.
 * @param aside.writes called before each write
 * @throws ForgeError where the forge as a whole does not answer, or wants a pause
 */
export async function sayChange(
  context: ForgeContext,
  repository: Repository,
  number: number,
  { refusals, writes }: { refusals: Refusals; writes: () => void },
): Promise<void> {
  const { store, log } = context
  const { forge, rest } = repository
  const key = { repository: repository.name, number }
  let facts = read()
  if (facts && isToCompare(facts, refusals)) {
    const { change, commit } = facts
    await attempt(COMPARES, async () => {
      const commits = await commitsBehind(forge, change, commit.revision)
      store.changes.noteBehind(change, { revision: commit.revision, sha: change.sha, commits })
      if (commits === null) refusals.note(number, strangerOf(facts!), false)
    })
    facts = read()
  }
  if (!facts) return
  const { change } = facts
  const wanted = wantedOf(context, repository, facts, Date.now())
  for (const saying of unsaidOf(context, repository, facts, wanted)) {
    if (refusals.rests(number, saying)) continue
    writes()
    await attempt(saying, () => say(saying, facts))
  }
  noteEnd()

  async function attempt(what: string, act: () => Promise<void>) {
    try {
      await act()
      rest.mayAgain(what)
    } catch (error) {
      if (!(error instanceof ForgeError) || error.code === 'limited' || error.code === 'down') throw error
      const isRight = error.code === 'refused'
      if (isRight) rest.lacks(what)
      refusals.note(number, what, isRight)
      log[isRight ? 'debug' : 'warn'](
        { ...changeFields(key), what, error: error.message },
        'the forge did not take what was asked about a change',
      )
    }
  }

  async function say(saying: Saying, { said }: ChangeFacts) {
    if (saying === 'comment') return note({ comment: await sayComment(forge, change, said.comment, wanted) })
    if (saying === 'status' && wanted.status) {
      await forge.setStatus(change.sha, wanted.status)
      return note({ status: { sha: change.sha, ...wanted.status } })
    }
    if (saying === 'deployment' && forge.deployments)
      await sayDeployment(forge.deployments, change, said.deployments, wanted.deployment, (deployments) =>
        note({ deployments }),
      )
  }

  function read(): ChangeFacts | undefined {
    const known = store.changes.get(key)
    return known && factsOf(context, known, Date.now())
  }

  /** At once after each write: what is not noted is written, or looked for, again. */
  function note(some: Partial<Said>) {
    store.changes.noteSaid(key, { ...store.changes.said(key), ...some })
  }

  function noteEnd() {
    const { over, ...said } = store.changes.said(key)
    if (change.state === 'open') return over && store.changes.noteSaid(key, said)
    const after = factsOf(context, change, Date.now())
    if (after && unsaidOf(context, repository, after, wanted).length === 0) note({ over: true })
  }
}

/** What the forge has not told yet; and now and then whether it knows a commit by now that it did not. */
export function isToCompare<F extends ChangeFacts>(
  facts: F,
  refusals: Pick<Refusals, 'rests'>,
): facts is F & { commit: { is: 'unread' | 'foreign' } } {
  const { change, commit } = facts
  const isAsked = commit.is === 'unread' || commit.is === 'foreign'
  const rests = (what: string) => refusals.rests(change.number, what)
  return isAsked && change.state === 'open' && !rests(COMPARES) && !rests(strangerOf(facts))
}

/** Of this head alone: the next push is compared at once. */
function strangerOf({ change, commit }: ChangeFacts): string {
  return `${COMPARES} ${change.sha} ${'revision' in commit ? commit.revision : ''}`
}

function isStatusSaid(said: Said['status'], sha: string, wanted: Status): boolean {
  if (!said || said.sha !== sha) return false
  return said.state === wanted.state && said.description === wanted.description && said.url === wanted.url
}

/** A commit that the forge has not is in no change's history. */
async function commitsBehind(forge: Forge, change: ChangeFacts['change'], revision: string): Promise<number | null> {
  try {
    return await forge.commitsBehind(change, revision)
  } catch (error) {
    if (error instanceof ForgeError && (error.code === 'missing' || error.code === 'rejected')) return null
    throw error
  }
}
