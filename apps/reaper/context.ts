import type { App } from '../shared/app.ts'
import type { Engine } from '../shared/engine/engine.ts'
import type { RegistryOf } from '../shared/registry/registries.ts'

export interface ReaperContext extends App {
  engine: Engine
  registryOf: RegistryOf
}
