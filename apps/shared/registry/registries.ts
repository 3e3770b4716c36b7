import type { Config } from '../config/config.ts'
import { referenceOf } from '../repository.ts'
import type { PreviewId } from '../preview/preview-id.ts'
import { openRegistry, type Registry } from './registry.ts'

/** Of a listed repository: an unlisted one is never asked for. */
export type RegistryOf = (id: PreviewId) => Registry

/** Of any repository, by its reference: images of services may be anywhere. */
export type RegistryAt = (reference: string) => Registry

/** A stack names a few; what was learned of a registry is forgotten beyond that. */
const MOST_OPENED = 100

/** As `openRegistries`, with the same logins of config.json and of ECR. */
export function openRegistriesAt({ dockerConfig, awsRegion }: Pick<Config, 'dockerConfig' | 'awsRegion'>): RegistryAt {
  const opened = new Map<string, Registry>()
  return (reference) => {
    const known = opened.get(reference) ?? openRegistry({ repository: reference, dockerConfig, awsRegion })
    opened.delete(reference)
    opened.set(reference, known)
    if (opened.size > MOST_OPENED) opened.delete(opened.keys().next().value!)
    return known
  }
}

/** One a repository: each has its login and its memory of what the registry said, so that one that is down slows no other. */
export function openRegistries(config: Pick<Config, 'repositories' | 'dockerConfig' | 'awsRegion'>): RegistryOf {
  const { dockerConfig, awsRegion } = config
  const opened = new Map<string, Registry>()
  return (id) => {
    const reference = referenceOf(id, config)
    const known = opened.get(reference) ?? openRegistry({ repository: reference, dockerConfig, awsRegion })
    opened.set(reference, known)
    return known
  }
}
