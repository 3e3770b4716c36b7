/** Whether previews can call those that they go with in other repositories. Pure. */
import type { PairFront } from '../store/facts.ts'
import { findings, type Finding } from './finding.ts'

/** @param front where they would reach nginx, as the queue-processor found out @param listens where nginx listens there */
export function judgePairs(front: PairFront | null, listens: PairFront | null): Finding {
  const { ok, warning } = findings('pairs')
  const why = front?.why ?? listens?.why ?? null
  if (why !== null)
    return warning(
      `previews cannot call those that they go with: ${why}`,
      'browsers can all the same; docs/repositories.md says what calls between previews need',
    )
  if (front !== null && listens?.address != null)
    return ok(`previews call those that they go with at ${listens.address}`)
  return warning(
    'previews cannot call those that they go with yet: nginx does not listen on their network',
    'it does so as soon as the engine has made the network',
  )
}
