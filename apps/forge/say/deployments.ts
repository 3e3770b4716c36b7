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
  const [only, ...others] = told ?? []
  return only?.sha === change.sha && only.state === state && others.length === 0
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
  let left = known
  let own = known.find(({ sha }) => sha === change.sha)
  if (!own) {
    // An earlier run may have made one, and ended before it could note that.
    const strays = (await deployments.find(task)).filter((id) => known.every((one) => one.id !== id))
    const id = await deployments.add({ sha: change.sha, task, description: `Change ${change.number}` })
    own = { id, sha: change.sha, state: 'queued' }
    left = [...known, ...strays.map((stray) => ({ id: stray, sha: '', state: 'inactive' })), own]
    note(left)
  }
  const { id } = own
  if (own.state !== state) {
    await deployments.setState(id, state, url)
    note((left = left.map((one) => (one.id === id ? { ...one, state } : one))))
  }
  for (const old of left.filter((one) => one.id !== id)) {
    await deployments.setState(old.id, 'inactive', null)
    note((left = left.filter((one) => one.id !== old.id)))
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
