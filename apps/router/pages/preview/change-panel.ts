/** On a preview's page: how its pull request lets it run, and what the admin can do about that. Pure. */
import { shownTag } from '../../../shared/preview/copy-tag.ts'
import type { Config } from '../../../shared/config/config.ts'
import type { Standing } from '../../../shared/forge/standing.ts'
import { splitId, type PreviewId } from '../../../shared/preview/preview-id.ts'
import { changeLine, changeWords } from '../../words/change-words.ts'
import { beforeTag } from '../../words/preview-names.ts'
import { ago } from '../format.ts'
import type { OfferedAction } from '../list/row-actions.ts'
import { pathOf } from '../preview-path.ts'

export interface ChangePanel {
  heading: string
  sentence: string
  /** `#3001 Change the banner, by anna`, and its page at the forge; null while it is not known. */
  change: { line: string; href: string } | null
  action: OfferedAction | null
}

export interface PanelFacts {
  id: PreviewId
  standing: Standing
  /** Of the tag, where its change is not known. */
  approval: { who: string; at: number } | null
  forge: Config['forge']
  now: number
}

/** Null where its change says nothing against it, and nobody had to be asked. */
export function changePanelOf({ id, standing, approval, forge, now }: PanelFacts): ChangePanel | null {
  const known = standing.change && changeWords(standing.change, null, forge?.kind)
  const change = known && { line: changeLine(known), href: known.href }
  switch (standing.is) {
    case 'asks':
      return {
        heading: `${shownTag(id)} waits for approval`,
        sentence: known
          ? 'Its pull request comes from a fork: look at the change before you let it run. An approval is for the pull request, with all that is pushed to it later, and can be taken back.'
          : 'Its pull request is not known yet, and may come from a fork. An approval is for the tag until the pull request is known, then for that.',
        change,
        action: { name: 'Approve', to: 'approve' },
      }
    case 'refused':
      return {
        heading: `${shownTag(id)} does not run`,
        sentence: known
          ? 'Its pull request comes from a fork, and LOTAN_FORGE_FORKS lets none of those run.'
          : 'Its pull request is not known yet and may come from a fork; LOTAN_FORGE_FORKS lets none of those run.',
        change,
        action: null,
      }
    case 'closed':
      return {
        heading: `${known!.name} is ${standing.change.state}`,
        sentence: 'Its preview is stopped, and removed LOTAN_CLOSED_MINUTES after that, unless it is pinned.',
        change,
        action: { name: 'Pin', to: 'pin' },
      }
    case 'free': {
      const given = (standing.change?.fork ? standing.change.approval : null) ?? approval
      return given === null
        ? null
        : {
            heading: `${shownTag(id)} is approved`,
            sentence: `By ${given.who}, ${ago(now - given.at)}, with all that is pushed to it later.`,
            change,
            action: { name: 'Take the approval back', to: 'disapprove' },
          }
    }
  }
}

/** The page of a tag that has no preview, and a pull request. @param facts.reference of its repository */
export function changePageOf(facts: PanelFacts & { panel: ChangePanel; url: string; reference: string }) {
  const { id, panel, url, reference } = facts
  return {
    repository: reference,
    id,
    of: beforeTag(id),
    tag: shownTag(splitId(id).tag),
    path: pathOf(id),
    url,
    panel,
    mayStart: facts.standing.is === 'free',
  }
}
