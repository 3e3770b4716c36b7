/** Pages of the admin's host: a person logs in there, or has. */
import { shownTag } from '../../shared/preview/copy-tag.ts'
import type { Config } from '../../shared/config/config.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import { behindTag, spokenName } from '../words/preview-names.ts'
import type { Brand } from './brand.ts'
import type { changePageOf } from './preview/change-panel.ts'
import type { PreviewDetail } from './preview/detail.ts'
import type { PreviewList } from './list/list.ts'
import { isShut, refusedWords, type Wrong } from './tries-words.ts'
import type { SystemView } from './system/view.ts'
import { forTheAdmin, part, type Page } from './views.ts'

export interface LoginModel {
  domain: string
  /** Not null where there is a login provider. */
  provider: object | null
  gate: Pick<Config['gate'], 'kind'>
  wrong?: Wrong | undefined
}

export function loginPage({ domain, provider, gate, wrong }: LoginModel, brand: Brand): Page {
  const refused = refusedWords('token', wrong)
  const model = {
    application: brand.application,
    domain,
    refused,
    isShut: isShut(refused),
    hasProvider: provider !== null,
    isOpen: gate.kind === 'off',
  }
  return forTheAdmin('login', model, brand)
}

export interface EnterModel extends Pick<LoginModel, 'provider'> {
  id: PreviewId
  wrong?: Wrong | undefined
}

export function enterPage({ provider, id, wrong }: EnterModel, brand: Brand): Page {
  const refused = refusedWords('password', wrong)
  const shown = { refused, isShut: isShut(refused), hasProvider: provider !== null }
  return forTheAdmin(
    'enter',
    { name: spokenName(id), tag: shownTag(splitId(id).tag), behind: behindTag(id), ...shown },
    brand,
  )
}

export function adminPage(list: PreviewList, brand: Brand): Page {
  return forTheAdmin('admin', { ...list, written: list.rows }, brand)
}

/** What an open page of the list lacks. */
export interface ListNews {
  /** The page without its rows. */
  html: string
  /** The ids of all rows, as they stand. */
  order: string[]
  /** By id, those that the page does not have in this version. */
  rows: Record<string, string>
}

/** @param have the version of each row that the page has, by its id */
export function listNews(list: PreviewList, have: Readonly<Record<string, unknown>>, brand: Brand): ListNews {
  const lacking = list.rows.filter(({ id, version }) => !Object.hasOwn(have, id) || have[id] !== version)
  return {
    html: forTheAdmin('admin', { ...list, written: [] }, brand).html,
    order: list.rows.map(({ id }) => id),
    rows: Object.fromEntries(lacking.map((row) => [row.id, part('row', { row })])),
  }
}

export interface ApiModel {
  repository: string
  base: string
  examples: { name: string; says: string; command: string; shown: string }[]
  calls: { method: string; path: string; needs: string; summary: string }[]
  problem: string
  /** What a shell types to get the command line and to run it. */
  client: string
}

export function apiPage(model: ApiModel, brand: Brand): Page {
  return forTheAdmin('api', model, brand)
}

export function systemPage(system: SystemView, brand: Brand): Page {
  return forTheAdmin('system', { ...system }, brand)
}

export function changePage(page: ReturnType<typeof changePageOf>, brand: Brand): Page {
  return forTheAdmin('change', page, brand)
}

export function previewPage(preview: PreviewDetail, brand: Brand): Page {
  return forTheAdmin('preview', { ...preview }, brand)
}
