/** One deployment a change, of the commit whose image is here. Those of earlier commits are made inactive. */
import type { KnownChange } from '../../shared/forge/change.ts'
import type { Said } from '../../shared/store/store.ts'
import type { DeploymentState, Forge } from '../clients/forge.ts'

type Told = NonNullable<Said['deployments']>
type Deployments = NonNullable<Forge['deployments']>

interface WantedDeployment {
  task: string
  /** Undefined: nothing new is to be told. */
  state: DeploymentState | undefined
  url: string
}

export function areDeploymentsSaid(told: Told | undefined, { state }: WantedDeployment, change: KnownChange): boolean {
  if (change.state !== 'open') return told?.length === 0
  if (state === undefined) return true
  return told?.some((one) => one.sha === change.sha && one.state === state) ?? false
}

/** @param note keeps what stands, after each call: the next one may fail */
export async function sayDeployment(
  deployments: Deployments,
  change: KnownChange,
  told: Told | undefined,
  { task, state, url }: WantedDeployment,
  note: (told: Told) => void,
): Promise<void> {
  const known = told ?? []
  if (change.state !== 'open') return removeAll(deployments, task, known, note)
  if (state === undefined) return
  const current = known.find(({ sha }) => sha === change.sha)
  if (current) {
    await deployments.setState(current.id, state, url)
    return note(known.map((one) => (one === current ? { ...one, state } : one)))
  }
  // An earlier run may have made one, and ended before it could note that.
  const strays = (await deployments.find(task)).filter((id) => known.every((one) => one.id !== id))
  const id = await deployments.add({ sha: change.sha, task, description: `Change ${change.number}` })
  let left: Told = [...known, { id, sha: change.sha, state: 'queued' }]
  note(left)
  await deployments.setState(id, state, url)
  note((left = left.map((one) => (one.id === id ? { ...one, state } : one))))
  for (const old of [...known.map((one) => one.id), ...strays]) {
    await deployments.setState(old, 'inactive', null)
    note((left = left.filter((one) => one.id !== old)))
  }
}

async function removeAll(deployments: Deployments, task: string, known: Told, note: (told: Told) => void) {
  const ids = new Set([...known.map(({ id }) => id), ...(await deployments.find(task))])
  let left = known
  for (const id of ids) {
    await deployments.remove(id)
    note((left = left.filter((one) => one.id !== id)))
  }
  note([])
}
