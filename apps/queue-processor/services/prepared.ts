/** What a preview's services are made with: its network, its volumes, its secrets. */
import { baseTag } from '../../shared/preview/copy-tag.ts'
import { urlOf } from '../../shared/config/config.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { Image } from '../../shared/preview/preview.ts'
import { stackSecret } from '../../shared/stack/secrets.ts'
import type { Stack } from '../../shared/stack/stack.ts'
import { fillIn, type Values } from '../../shared/stack/variables.ts'
import { hostOf } from '../../shared/tag.ts'
import type { PartRun } from '../containers/with-part.ts'
import type { Dependencies } from '../dependencies.ts'

export interface Prepared {
  /** Its variables are filled in. */
  stack: Stack
  network: string
  /** The engine's name of each volume, by the stack's. */
  volumes: ReadonlyMap<string, string>
}

/** Makes what is missing of it. @throws EngineError */
export async function prepare(deps: Dependencies, id: PreviewId, image: Image, stack: Stack): Promise<Prepared> {
  const [network, volumes] = await Promise.all([deps.stackNetworks.network(id), deps.volumes.ensure(id, stack, image)])
  return { stack: filled(deps, id, stack), network: network.name, volumes }
}

/** The salt that its secrets are made of is made where there is none. */
export function filled(deps: Pick<Dependencies, 'config' | 'store'>, id: PreviewId, stack: Stack): Stack {
  const values = valuesOf(deps, id)
  return {
    ...stack,
    app: fillIn(stack.app, values),
    services: stack.services.map((service) => fillIn(service, values)),
  }
}

/** What the stack says of the application; its volumes are there. */
export function applicationRun(deps: Pick<Dependencies, 'config' | 'store'>, id: PreviewId, stack: Stack): PartRun {
  const { app } = filled(deps, id, stack)
  const volumes = new Map(deps.store.volumes.of(id).map(({ name, engine }) => [name, engine]))
  return { of: app, stack: stack.spec, environment: app.environment, volumes }
}

function valuesOf({ config, store }: Pick<Dependencies, 'config' | 'store'>, id: PreviewId): Values {
  const host = hostOf(id, config)
  return {
    tag: baseTag(splitId(id).tag),
    host,
    url: urlOf(host, config),
    secret: (name) => stackSecret(config.stackKey, store.stackSalts.of(id), name),
  }
}
