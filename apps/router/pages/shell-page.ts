/** What the page of a shell shows. Pure but for the nonce. */
import { urlOf, type Config } from '../../shared/config/config.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import { findRepository } from '../../shared/repository.ts'
import { shownTag } from '../../shared/preview/copy-tag.ts'
import type { ServiceRow } from '../../shared/stack/service-state.ts'
import type { PartOfPreview } from '../services/part.ts'
import type { Brand } from './brand.ts'
import { duration } from './format.ts'
import { pathOf, shellPathOf } from './preview-path.ts'
import { forTheShell, type Page } from './views.ts'

export interface ShellFacts {
  config: Pick<Config, 'domain' | 'publicUrl' | 'repositories'> & { shell: NonNullable<Config['shell']> }
  id: PreviewId
  /** Where the shell is. */
  part: PartOfPreview
  services: readonly Pick<ServiceRow, 'name'>[]
  /** That the browser sees: `https://previews.example.com`. */
  origin: string
}

export function shellPage(facts: ShellFacts, brand: Brand): Page {
  const { config, id, part, services, origin } = facts
  const [tickets, exec] = [`/api/v1${pathOf(id)}/tickets`, `${pathOf(id)}/exec`]
  const model = {
    repository: findRepository(id, config)?.reference ?? '',
    id: shownTag(id),
    name: part.name,
    path: pathOf(id),
    parts: services.length === 0 ? [] : [null, ...services.map(({ name }) => name)].map((name) => partOf(name)),
    service: part.service ?? '',
    tickets,
    exec,
    idle: duration(config.shell.idle),
    ways: waysOf(facts),
  }
  return forTheShell(model, addressesOf([origin, urlOf(config.domain, config)], tickets, exec), brand)

  function partOf(service: string | null) {
    const query = service === null ? '' : `?service=${encodeURIComponent(service)}`
    return { name: service ?? 'Application', href: `${shellPathOf(id)}${query}`, current: service === part.service }
  }
}

/** How the same is reached from a terminal. */
function waysOf({ config, id, part }: ShellFacts): { command: string }[] {
  const name = part.service === null ? shownTag(id) : `${shownTag(id)}+${part.service}`
  const { ssh } = config.shell
  const port = ssh && ssh.listen.port !== 22 ? ` -p ${ssh.listen.port}` : ''
  return [{ command: `lotan shell ${name}` }, ...(ssh ? [{ command: `ssh${port} ${name}@${config.domain}` }] : [])]
}

/** Addresses of a policy: a path there is the whole path, and a query is left out (CSP 3, 6.7.2). */
function addressesOf(origins: string[], tickets: string, exec: string): string[] {
  return [...new Set(origins)].flatMap((origin) => [`${origin}${tickets}`, `${origin.replace(/^http/, 'ws')}${exec}`])
}
