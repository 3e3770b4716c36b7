import type { App } from '../shared/app.ts'
import type { Engine } from '../shared/engine/engine.ts'
import type { Helpers } from './helper/helpers.ts'
import type { Sessions } from './sessions/open-sessions.ts'

export interface ShellContext extends Pick<App, 'config' | 'log' | 'store' | 'nudges'> {
  engine: Engine
  sessions: Sessions
  helpers: Helpers
}
