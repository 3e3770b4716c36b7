/** Gathers what the page of one preview tells. */
import { text } from 'node:stream/consumers'
import { urlOf } from '../../shared/config/config.ts'
import { generationOf, type Preview } from '../../shared/preview/preview.ts'
import { idOf, type PreviewId } from '../../shared/preview/preview-id.ts'
import { hostPortOf, slotSchemeIn, hostPortText } from '../../shared/slots/slot-scheme.ts'
import { findRepository } from '../../shared/repository.ts'
import { hostOf } from '../../shared/tag.ts'
import { openChanges } from '../changes/open-changes.ts'
import type { RouterContext } from '../context.ts'
import { insideNow } from '../inside.ts'
import { partOf } from '../services/part.ts'
import { stackRowsOf } from '../services/stack-rows.ts'
import { explanationOf } from '../explain/explanation.ts'
import { previewDetailOf, type DetailFacts } from '../pages/preview/detail.ts'
import { changePageOf, changePanelOf } from '../pages/preview/change-panel.ts'
import { LOG_LINES } from '../pages/preview/log-panel.ts'
import { changePage, previewPage } from '../pages/render.ts'
import type { Page } from '../pages/views.ts'

/** As many as a preview has. */
const CHANGES = 200

export interface Wanted {
  /** Looked for in the log. */
  q: string
  /** False for a page whose script reads the log by itself. */
  withLog: boolean
  /** Whose log; empty, or of none that there is: the application's. */
  service: string
  /** A share link that was made just now. */
  made?: { url: string; until: number }
}

/** Of a tag that has no preview. @returns undefined where no pull request says anything of it */
export function pageWithoutPreview({ config, store, brand }: RouterContext, id: PreviewId): Page | undefined {
  const { forge } = config
  if (!forge || !config.offers(id)) return undefined
  const now = Date.now()
  const facts = { id, standing: store.standing(id, now), approval: store.changes.approvalOfTag(id), forge, now }
  const panel = changePanelOf(facts)
  const url = `${urlOf(hostOf(id, config), config)}/`
  return panel
    ? changePage(changePageOf({ ...facts, panel, url, reference: findRepository(id, config)?.reference ?? '' }), brand)
    : undefined
}

/** @returns undefined where the preview has gone meanwhile */
export async function detailPage(
  { config, store, changes, reaper, brand, log }: RouterContext,
  preview: Preview,
  { q, withLog, service, made }: Wanted,
): Promise<Page | undefined> {
  const id = idOf(preview)
  const generation = generationOf(preview)
  const rows = stackRowsOf(id, store)
  const part = partOf(preview, service, rows.services) ?? partOf(preview, undefined, [])!
  const { container } = part
  const scheme = slotSchemeIn(store.facts)
  const { slot, port } = generation ?? { slot: null, port: 0 }
  const [figures, lines, explanation] = await Promise.all([
    figuresOf(),
    withLog ? logOf(container) : container === null ? null : [],
    explanationOf(id, { values: true, who: true }, { config, store, changes, reaper, log }),
  ])
  if (!explanation) return undefined
  const now = Date.now()
  return previewPage(
    previewDetailOf({
      config,
      preview,
      standing: store.standing(id, now),
      approval: config.forge ? store.changes.approvalOfTag(id) : null,
      ahead: preview.state === 'queued' ? store.ahead(preview) : 0,
      recentDurations: store.lately(),
      address: urlOf(hostOf(id, config), config),
      slotAddress: scheme && slot !== null ? hostPortText(hostPortOf(scheme, { slot, port })) : null,
      figures,
      rows,
      part,
      samples: store.samples(id, now),
      history: store.history(id, CHANGES),
      explanation,
      change: openChanges({ config, store }).of(id),
      inside: insideNow({ config, store }, id),
      shares: store.shares.list(now).filter((share) => share.preview === id),
      made,
      log: lines,
      q,
      now,
    }),
    brand,
  )

  /** The page works without figures. */
  async function figuresOf() {
    const hasContainer = generation?.container || rows.services.some((one) => one.container !== null)
    if (!hasContainer) return {}
    return reaper.figures().catch((error: Error) => {
      log.warn({ err: error }, 'the reaper gave no figures')
      return {}
    })
  }

  async function logOf(container: string | null): Promise<DetailFacts['log']> {
    if (container === null) return null
    try {
      const signal = AbortSignal.timeout(1_000)
      const output = await reaper.logs(container, { tail: LOG_LINES, follow: false, timestamps: true, signal })
      if (!output) return null
      const lines = (await text(output)).replace(/\n$/, '')
      return lines ? lines.split('\n') : []
    } catch (error) {
      log.warn({ err: error }, 'the reaper gave no log')
      return { unreadable: 'The reaper, which reads logs, does not answer.' }
    }
  }
}
