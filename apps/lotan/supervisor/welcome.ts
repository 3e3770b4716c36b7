import path from 'node:path'
import { urlOf, type Config } from '../../shared/config/config.ts'
import { idOf } from '../../shared/preview/preview-id.ts'
import { hostOf } from '../../shared/tag.ts'
import { displayPath, type Say } from '../console.ts'
import { samplesOf } from '../demo/fill.ts'
import { loginLink } from './run-file.ts'

export function welcome(config: Config, say: Say): void {
  const hosts = config.demo
    ? samplesOf(config)
        .filter(config.offers)
        .map((tag) => hostOf(tag, config))
    : hostShapes(config)
  for (const host of hosts) say(`  ${urlOf(host, config)}/`)
  if (hosts.length === 0) say('TAG_FILTER lets no tag of the demo through')
  say(`admin: ${loginLink(config)}`)
  const logs = displayPath(path.join(config.dataDir, 'logs'))
  say(config.logs === 'files' ? `logs:  ${logs}/` : `logs:  here; requests in ${logs}/nginx-access.log`)
  say('stop:  Ctrl-C; previews that run are left running')
}

/** `TAG.TL_DOMAIN` of each repository. */
function hostShapes(config: Config): string[] {
  // A host as any other's, but in capitals: what stands there is to be put in.
  return config.repositories.map(({ name }) =>
    hostOf(idOf({ repository: name, tag: 'tag' }), config).replace(/^tag/, 'TAG'),
  )
}
