import type { App } from '../shared/app.ts'
import type { Engine } from '../shared/engine/engine.ts'
import type { Registry } from '../shared/registry/registry.ts'

export interface ReaperContext extends App {
  engine: Engine
  registry: Registry
}
