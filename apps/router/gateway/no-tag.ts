/** Pure. Why a host stands for no preview, for who has typed it, and how one is written here. */
import { NAMELESS } from '../../shared/preview/preview-id.ts'
import type { Naming } from '../../shared/tag.ts'

type Hosts = Pick<Naming, 'domain' | 'hostForm' | 'repositories'>

export interface WhyNoTag {
  sentence: string
  /** The part of it that was typed. */
  typed: string
}

/** @param host.label what stands before the domain; null for a host that is not below it */
export function whyNoTag({ label, host }: { label: string | null; host: string }, hosts: Hosts): WhyNoTag {
  if (label === null) return { sentence: `${host} is not below ${hosts.domain}.`, typed: host }
  const { repository } = lookOf(label, hosts)
  if (hosts.repositories.some(({ name }) => name === repository))
    return { sentence: `${label} cannot be a container tag.`, typed: label }
  return repository === NAMELESS
    ? { sentence: `${label} does not say of which repository it is.`, typed: label }
    : { sentence: `There is no repository ${repository} here.`, typed: repository }
}

/** What a label says that stands for no preview. Where no repository has a name, all of it is meant for a tag. */
export function lookOf(label: string, { hostForm, repositories }: Omit<Hosts, 'domain'>) {
  const nameless = { repository: NAMELESS, tag: label }
  if (!repositories.some(isNamed)) return nameless
  const ends = hostForm === 'flat' ? /^(.*)--in-([a-z][a-z0-9]{0,19})$/ : /^(.*)\.([a-z][a-z0-9]{0,19})$/
  const [, tag = '', repository] = ends.exec(label) ?? []
  return repository === undefined ? nameless : { repository, tag }
}

/** `TAG.previews.example.com` and `TAG.NAME.previews.example.com`; none where no repository has a name. */
export function formsOfHosts({ domain, hostForm, repositories }: Hosts): string[] {
  if (!repositories.some(isNamed)) return []
  const named = hostForm === 'flat' ? `TAG--in-NAME.${domain}` : `TAG.NAME.${domain}`
  return repositories.every(isNamed) ? [named] : [`TAG.${domain}`, named]
}

function isNamed({ name }: { name: string }): boolean {
  return name !== NAMELESS
}
