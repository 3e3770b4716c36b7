/** Where the image of a change's head runs, for the forge's list of environments. Pure. */
import type { DeploymentState } from '../clients/forge.ts'
import type { Shown } from '../shown.ts'

/** Undefined where there is none to tell of: the head has no image, or it may not run. */
export function deploymentOf(shown: Shown): DeploymentState | undefined {
  if (!('commit' in shown) || shown.commit.is !== 'head') return undefined
  switch (shown.is) {
    case 'failed':
      return 'failure'
    case 'untried':
      return 'in_progress'
    default:
      return 'success'
  }
}

/** By it Lotan's own are told: the environment is everybody's. */
export function taskOf(application: string, tag: string): string {
  return `lotan:${application}:${tag}`
}
