/** What every part of the reaper works with. Each names those members that it takes. */
import type { App } from '../shared/app.ts'
import type { Engine } from '../shared/engine/engine.ts'
import type { Registry } from '../shared/registry/registry.ts'

export interface ReaperContext extends App {
  engine: Engine
  registry: Registry
}
