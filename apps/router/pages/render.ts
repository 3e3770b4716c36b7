/** Pages of the admin's host: a person logs in there, or has. */
import type { Config } from '../../shared/config/config.ts'
import type { Brand } from './brand.ts'
import type { PreviewDetail } from './preview-detail.ts'
import type { PreviewList } from './preview-list.ts'
import { forTheAdmin, type Page } from './views.ts'

export interface LoginModel {
  domain: string
  /** Not null where there is a login provider. */
  provider: object | null
  gate: Pick<Config['gate'], 'kind'>
  /** `too often`: one of many from this address. */
  wrong?: keyof typeof wrongTokens
}

const wrongTokens = {
  once: 'That is not the token.',
  'too often': 'That is not the token. Many wrong ones have come from your address; the right one is still accepted.',
}

export function loginPage({ domain, provider, gate, wrong }: LoginModel, brand: Brand): Page {
  const error = wrong ? wrongTokens[wrong] : ''
  const model = {
    application: brand.application,
    domain,
    error,
    hasProvider: provider !== null,
    isOpen: gate.kind === 'off',
  }
  return forTheAdmin('login', model, brand)
}

const wrongPasswords = {
  once: 'That is not the password.',
  'too often': 'Many wrong passwords have come from your address. Try again in a minute.',
}

export interface EnterModel extends Pick<LoginModel, 'provider'> {
  tag: string
  /** The preview's. */
  host: string
  wrong?: keyof typeof wrongPasswords
}

export function enterPage({ provider, tag, host, wrong }: EnterModel, brand: Brand): Page {
  const error = wrong ? wrongPasswords[wrong] : ''
  return forTheAdmin('enter', { tag, host, error, hasProvider: provider !== null }, brand)
}

export function adminPage(list: PreviewList, brand: Brand): Page {
  return forTheAdmin('admin', { ...list }, brand)
}

export interface ApiModel {
  repository: string
  base: string
  examples: { name: string; says: string; command: string; shown: string }[]
  calls: { method: string; path: string; summary: string }[]
}

export function apiPage(model: ApiModel, brand: Brand): Page {
  return forTheAdmin('api', model, brand)
}

export function previewPage(preview: PreviewDetail, brand: Brand): Page {
  return forTheAdmin('preview', { ...preview }, brand)
}
