/** How a service stands, in words. Pure. */
import type { ServiceRow } from '../../shared/stack/service-state.ts'
import { duration } from '../pages/format.ts'

/** It is not as it should be. */
export function isFailing({ state }: Pick<ServiceRow, 'state'>): boolean {
  return state === 'restarting' || state === 'failed'
}

/** `ended with exit code 1, 3 times in a row`; empty where it does what it should. */
export function troubleOf({ state, crashes, reason }: Pick<ServiceRow, 'state' | 'crashes' | 'reason'>): string {
  if (!isFailing({ state })) return ''
  return `${endOf(reason)}${crashes > 1 ? `, ${crashes} times in a row` : ''}`
}

function endOf(reason: ServiceRow['reason']): string {
  if (!reason) return 'ended'
  const { code, after, exitCode } = reason
  switch (code) {
    case 'service-unhealthy':
      return `did not become healthy${after === undefined ? '' : ` within ${duration(after)}`}`
    case 'out-of-memory':
      return 'was ended at its memory limit'
    case 'service-exited':
      return `ended${exitCode === undefined ? '' : ` with exit code ${exitCode}`}`
    default:
      return `could not be started: ${code}`
  }
}

/** In a list of previews: `+ db, mail`; `failing` says which of them, and how. Empty without any. */
export function besideWords(services: readonly Pick<ServiceRow, 'name' | 'state'>[]): {
  names: string
  failing: string
} {
  if (services.length === 0) return { names: '', failing: '' }
  const failing = services.filter(isFailing)
  return {
    names: `+ ${services.map(({ name }) => name).join(', ')}`,
    failing: failing.map(({ name, state }) => `${name} ${state === 'failed' ? 'failed' : 'starts again'}`).join(', '),
  }
}
