import { isRepositoryName } from './address.ts'
import { tagTemplateOf, type TagTemplate } from '../../forge/tag-templates.ts'
import { value, type Value } from './value.ts'

/** Where the changes of a repository of images are. */
export interface ForgeRepository {
  /** As LOTAN_REPOSITORIES names it; empty: the one of REPOSITORY. */
  name: string
  /** `owner/name`; GitLab has groups in groups. */
  path: string
}

export const sayings = ['comment', 'status', 'deployment'] as const
export type Saying = (typeof sayings)[number]

const PATH = /^[A-Za-z0-9_][\w.-]*(\/[\w.-]+)+$/

/** `owner/name`, or `api=owner/name web=owner/other`. */
export const forgeRepositories: Value<ForgeRepository[]> = value((text) => {
  const words = text.trim().split(/\s+/)
  const found = words.map((word): ForgeRepository | undefined => {
    const [, name, path = ''] = /^(?:([^=]*)=)?(.*)$/.exec(word) ?? []
    const isGood = PATH.test(path) && !path.includes('..') && (name === undefined || isRepositoryName(name))
    return isGood ? { name: name ?? '', path } : undefined
  })
  const all = found.filter((one) => one !== undefined)
  const names = new Set(all.map(({ name }) => name))
  return all.length === words.length && names.size === all.length ? all : undefined
}, 'write owner/name, or with several repositories NAME=owner/name for each, separated by spaces')

/** `pr-{number} {sha7}`. */
export const tagTemplates: Value<TagTemplate[]> = value((text) => {
  const words = text.trim().split(/\s+/)
  const found = words.map(tagTemplateOf).filter((one) => one !== undefined)
  return found.length === words.length && words.length <= 10 ? found : undefined
}, 'write tags with {number}, {sha}, {sha7} or {branch} in each, separated by spaces, such as pr-{number}')

/** `comment status`; `none`: nothing. */
export const sayingList: Value<Saying[]> = value((text) => {
  if (text.trim() === 'none') return []
  const words = text.trim().split(/[\s,]+/)
  const found = sayings.filter((one) => words.includes(one))
  return words.every((word) => (sayings as readonly string[]).includes(word)) ? found : undefined
}, 'write any of comment, status and deployment, separated by spaces, or none')
