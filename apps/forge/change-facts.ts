/** All that the texts about a change are made of, as the database has it now. */
import { urlOf } from '../shared/config/config.ts'
import type { KnownChange } from '../shared/forge/change.ts'
import { previewPath } from '../shared/api/paths.ts'
import { idOf, NAMELESS, type PreviewId } from '../shared/preview/preview-id.ts'
import type { Preview } from '../shared/preview/preview.ts'
import { idleTimeOf } from '../shared/preview/timeouts.ts'
import type { Said, Tried } from '../shared/store/store.ts'
import { hostOf, type Tag } from '../shared/tag.ts'
import type { Status } from './clients/forge.ts'
import type { ForgeContext, Repository } from './context.ts'
import { commitOf, imageOf, meantOf, type Commit, type Meant } from './meant.ts'
import { shownOf } from './shown.ts'
import { commentOf, markOf } from './texts/comment.ts'
import { deploymentOf, taskOf } from './texts/deployment.ts'
import { statusOf } from './texts/status.ts'
import { lastOutcomeOf, outcomeOf, triedOf, type Outcome } from './verify/outcome.ts'

export interface ChangeFacts {
  change: KnownChange
  said: Said
  id: PreviewId
  meant: Meant
  commit: Commit
  preview: Preview | undefined
  isFree: boolean
  /** Both undefined without an image. */
  tried: Tried | undefined
  outcome: Outcome | undefined
}

/** Undefined where no tag that the change is given is offered: there is nothing to say. */
export function factsOf(
  { config, settings, store }: ForgeContext,
  change: KnownChange,
  now: number,
): ChangeFacts | undefined {
  const idOfTag = (tag: Tag) => idOf({ repository: change.repository, tag })
  const tags = store.changes.tagsOf(change).filter((tag) => config.offers(idOfTag(tag)))
  const meant = meantOf(tags, (tag) =>
    imageOf(store.changes.image(idOfTag(tag)), store.get(idOfTag(tag))?.image ?? null),
  )
  if (!meant) return undefined
  const id = idOfTag(meant.tag)
  const preview = store.get(id)
  const said = store.changes.said(change)
  const digest = meant.image?.digest
  const at = digest === undefined ? undefined : outcomeOf(preview, digest)
  return {
    change,
    said,
    id,
    meant,
    commit: commitOf(change, meant, settings.templates),
    preview,
    isFree: store.standing(id, now).is === 'free',
    tried: digest === undefined ? undefined : triedOf(said.tried, digest, at!),
    outcome: digest === undefined ? undefined : lastOutcomeOf(at!, said.tried, digest),
  }
}

/** What is to stand at the forge. */
export interface Wanted {
  mark: string
  comment: string
  status: Status | undefined
  deployment: { task: string; state: ReturnType<typeof deploymentOf>; url: string }
}

export function wantedOf(
  { config, settings, store }: ForgeContext,
  { application }: Repository,
  { change, id, meant, commit, preview, outcome }: ChangeFacts,
  now: number,
): Wanted {
  const { tag, image } = meant
  const admin = (path: string) => urlOf(config.domain, config) + path
  const places = {
    preview: placeOf(id),
    details: admin(previewPath(id)),
    badge: admin(
      `/badge/${change.repository === NAMELESS ? '' : `${change.repository}/`}${encodeURIComponent(tag)}.svg`,
    ),
  }
  const shown = shownOf({
    isOpen: change.state === 'open',
    standing: store.standing(id, now).is,
    hasImage: image !== null,
    commit,
    outcome: outcome ?? { is: 'none' },
    verifies: settings.verify,
  })
  const { start, pull = 0 } = preview?.took ?? {}
  const mark = markOf(application, change.number)
  const comment = commentOf({
    mark,
    shown,
    change,
    sign: settings.kind === 'gitlab' ? '!' : '#',
    tag,
    places,
    image,
    usual: start === undefined ? null : start + pull,
    sleepsAfter: preview ? idleTimeOf(preview, config) : config.stopAfter,
    gate: config.gate.kind,
    fallback: change.state === 'open' ? null : fallback(),
  })
  const status = statusOf({ shown, tag, sha: change.sha, places })
  const deployment = { task: taskOf(application, tag), state: deploymentOf(shown), url: places.preview }
  return { mark, comment, status, deployment }

  function placeOf(one: PreviewId): string {
    return urlOf(hostOf(one, config), config)
  }

  /** Of the branch that it went into, where there is one. */
  function fallback() {
    const { base, repository } = change
    const names = config.pairFallback.includes(base) ? [base, ...config.pairFallback] : config.pairFallback
    const found = names.find((name) => {
      const one = idOf({ repository, tag: name })
      return config.offers(one) && (store.get(one) !== undefined || store.isOffered(one))
    })
    return found === undefined ? null : { tag: found, url: placeOf(idOf({ repository, tag: found })) }
  }
}
