/** The repositories whose tags may run: LOTAN_REPOSITORIES is the allow-list, REPOSITORY the one in it without a name. */
import { NAMELESS, splitId, type PreviewId } from '../preview/preview-id.ts'
import type { Tag } from '../tag.ts'
import { namedEnvOf } from './container-env.ts'
import { setting } from './setting.ts'
import { tagPattern } from './values/text.ts'

export interface Repository {
  /** Empty for the one that REPOSITORY gives. */
  name: string
  /** `registry.example.com/team/app`, without a tag. */
  reference: string
  /** Which of its tags are offered, listed and started. */
  offers: (tag: Tag) => boolean
  /** What its containers are given beside what all are. */
  containerEnv: Record<string, string>
}

interface Given {
  listed: readonly { name: string; reference: string }[]
  offers: (tag: Tag) => boolean
  hostForm: 'nested' | 'flat'
  transliterate: boolean
}

type Refuse = (variable: string, problem: string) => void

const FILTER = 'TAG_FILTER_'

/** @param env has TAG_FILTER_NAME and LOTAN_CONTAINER_ENV_NAME__X @param given those of its settings that can be used */
export function repositoriesOf(env: NodeJS.ProcessEnv, given: Partial<Given>, refuse: Refuse): Repository[] {
  const { listed, offers = () => true } = given
  if (!listed) return []
  const names = listed.map(({ name }) => name).filter((name) => name !== NAMELESS)
  if (names.length > 0 && given.hostForm === 'nested' && given.transliterate === false)
    refuse(
      'LOTAN_HOST_FORM',
      "is 'nested', where a dot in a tag is one in its host: with several repositories write LOTAN_HOST_FORM=flat, or TRANSLITERATE_SEMVER_UNDERSCORES_TO_DOTS=1",
    )
  const filters = filtersIn(env, names, refuse)
  return listed.map(({ name, reference }) => ({
    name,
    reference,
    offers: name === NAMELESS ? offers : (filters.get(name) ?? (() => true)),
    containerEnv: name === NAMELESS ? {} : namedEnvOf(env, name, refuse),
  }))
}

function filtersIn(env: NodeJS.ProcessEnv, names: readonly string[], refuse: Refuse) {
  const filters = new Map<string, (tag: Tag) => boolean>()
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(FILTER) || !text) continue
    const name = names.find((name) => variable === FILTER + name.toUpperCase())
    if (name === undefined) {
      refuse(variable, `is for a repository that LOTAN_REPOSITORIES does not name: name it there, or leave this out`)
      continue
    }
    const { data, error } = setting(tagPattern, { description: '' }).safeParse(text)
    if (error) refuse(variable, error.issues[0]!.message)
    else if (data) filters.set(name, data)
  }
  return filters
}

/** Undefined for one that is not listed. */
export function findRepository<R extends { name: string }>(
  id: PreviewId,
  { repositories }: { repositories: readonly R[] },
): R | undefined {
  const { repository } = splitId(id)
  return repositories.find(({ name }) => name === repository)
}

/** For a preview of a listed one. `registry.example.com/team/app:pr-7` */
export function imageNameOf(id: PreviewId, config: { repositories: readonly Repository[] }): string {
  return `${referenceOf(id, config)}:${splitId(id).tag}`
}

/** @throws for a preview of one that is not listed: nothing may be asked for of it */
export function referenceOf(id: PreviewId, config: { repositories: readonly Repository[] }): string {
  const found = findRepository(id, config)
  if (!found) throw new Error(`no repository is listed for ${id}`)
  return found.reference
}

/** What people are told of it: its name, or where its images are. */
export function titleOf({ name, reference }: Pick<Repository, 'name' | 'reference'>): string {
  return name === NAMELESS ? reference : name
}
