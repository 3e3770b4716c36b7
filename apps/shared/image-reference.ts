/** A repository's reference, `registry.example.com/team/app`. Pure. */

/** The name of the default registry. */
export const HUB = 'docker.io'
/** Its key in `config.json`. */
export const HUB_KEY = 'index.docker.io'

/** `nginx` is `library/nginx` on the hub. */
export function splitReference(reference: string): { host: string; name: string } {
  const slash = reference.indexOf('/')
  const first = reference.slice(0, Math.max(slash, 0))
  const hasHost = /[.:]/.test(first) || first === 'localhost'
  const host = hasHost && first !== HUB_KEY ? first : HUB
  const rest = (hasHost ? reference.slice(slash + 1) : reference).replace(/@.*$/, '').replace(/:[^:/]*$/, '')
  return { host, name: host === HUB && !rest.includes('/') ? `library/${rest}` : rest }
}

/** What a stack names, as the engine names it. */
export interface ImageName {
  /** `postgres`, `ghcr.io/team/db` */
  repository: string
  /** Of both, the digest counts. */
  tag: string | null
  digest: string | null
  /** `postgres:16`, `postgres@sha256:…` */
  name: string
}

/** `docker.io/library/postgres` is `postgres:latest`. */
export function readImageName(image: string): ImageName {
  const [whole = '', digest = null] = image.split('@')
  const { host, name: path } = splitReference(whole)
  const repository = host === HUB ? path.replace(/^library\//, '') : `${host}/${path}`
  const tag = digest === null ? (/:([^:/]+)$/.exec(whole)?.[1] ?? 'latest') : null
  return { repository, tag, digest, name: digest === null ? `${repository}:${tag}` : `${repository}@${digest}` }
}
