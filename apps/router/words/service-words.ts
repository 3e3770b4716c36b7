/** Pure. What visitors are told of a service that a second host leads to. */
import type { ServiceState } from '../../shared/stack/service-state.ts'

/** Where its preview runs, and it does not. Undefined where nothing is noted of it yet. */
export function serviceDownWords(state: ServiceState | undefined): string {
  switch (state) {
    case 'restarting':
      return 'It ended by itself, and is started again.'
    case 'done':
      return 'It has done its work and ended: it runs again when the preview starts the next time.'
    case 'failed':
      return 'It did not come up.'
    case 'waiting':
    case 'starting':
    case undefined:
      return 'It is being started.'
    case 'running':
    case 'paused':
    case 'stopped':
      return 'It is about to be started again.'
  }
}

/** On the page about it. `runs` and its like follow on its name. */
export function serviceWords(state: ServiceState | undefined): string {
  switch (state) {
    case 'running':
      return 'runs'
    case 'paused':
      return 'is paused'
    case 'stopped':
      return 'is stopped'
    case 'done':
      return 'has done its work'
    case 'failed':
      return 'did not come up'
    case 'restarting':
      return 'ended by itself, and is started again'
    case 'waiting':
    case 'starting':
      return 'is being started'
    case undefined:
      return 'has not run yet'
  }
}
