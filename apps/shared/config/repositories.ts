/** LOTAN_REPOSITORIES is the allow-list, REPOSITORY the one in it without a name. */
import { NAMELESS } from '../preview/preview-id.ts'
import { splitReference } from '../registry/docker-config.ts'
import type { Repository } from '../repository.ts'
import type { Tag } from '../tag.ts'
import { namedEnvOf } from './container-env.ts'
import { setting } from './setting.ts'
import { tagPattern } from './values/text.ts'

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
  refuseTwins(listed, refuse)
  if (names.length > 0 && given.hostForm === 'nested' && given.transliterate === false)
    refuse(
      'LOTAN_HOST_FORM',
      "is 'nested', where a dot in a tag is one in its host: with LOTAN_REPOSITORIES write LOTAN_HOST_FORM=flat, or TRANSLITERATE_SEMVER_UNDERSCORES_TO_DOTS=1",
    )
  const filters = filtersIn(env, names, refuse)
  return listed.map(({ name, reference }) => ({
    name,
    reference,
    offers: name === NAMELESS ? offers : (filters.get(name) ?? (() => true)),
    containerEnv: name === NAMELESS ? {} : namedEnvOf(env, name, refuse),
  }))
}

/** The engine knows an image by its reference: where one preview's is removed, its twin's would go too. */
function refuseTwins(listed: Given['listed'], refuse: Refuse): void {
  const places = new Map<string, string>()
  for (const { name, reference } of listed) {
    const { host, name: path } = splitReference(reference)
    const place = `${host}/${path}`
    const other = places.get(place)
    const others = other === NAMELESS ? 'REPOSITORY' : other
    if (others !== undefined)
      refuse('LOTAN_REPOSITORIES', `has ${reference} as ${name}, and ${others} is the same: leave one of them out`)
    else places.set(place, name)
  }
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
