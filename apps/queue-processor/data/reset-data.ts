/**
 * Gives a preview new data: empty volumes, or a snapshot's. They are filled beside those that it uses, and take their
 * place in one transaction, in the moment in which it has no container that runs.
 */
import type { Reset } from '../../shared/store/store.ts'
import { logFields } from '../../shared/preview/preview-id.ts'
import type { Dependencies } from '../dependencies.ts'
import { whyNotBegin } from './begin-with.ts'

type Needs = Pick<Dependencies, 'engine' | 'store' | 'volumes' | 'nudges' | 'log'>

/** @throws EngineError; its words are for who asked */
export async function resetData(deps: Needs, reset: Reset): Promise<void> {
  if (reset.state === 'asked' && !(await fill(deps, reset))) return
  await takePlace(deps, reset)
}

/** @returns whether it is filled */
async function fill({ store, volumes, log }: Needs, reset: Reset): Promise<boolean> {
  const { preview: id, snapshot: name } = reset
  const own = store.volumes.of(id)
  const snapshot = name === null ? null : store.snapshots.find(name)
  const why =
    name === null ? undefined : whyNotBegin(snapshot ?? undefined, { id, standing: store.standing(id, Date.now()) })
  if (why) return fail(`snapshot ${name} ${why}`)
  const sources = store.volumes
    .list()
    .filter((volume) => name !== null && volume.snapshot === name && volume.state === 'current')
  const names = [...new Set([...own, ...sources].map((volume) => volume.name))]
  if (names.length === 0) return fail(`${id} has no volumes any more`)
  await volumes.hasRoomFor(sources)
  const began = Date.now()
  return volumes.filling(async (make) => {
    const filled: string[] = []
    for (const volume of names) {
      const before = own.find((one) => one.name === volume)
      const source = sources.find((one) => one.name === volume)
      const salt = snapshot?.salt ?? store.stackSalts.of(id)
      const how = { keep: before?.keep ?? null, image: before?.image ?? null, source: source ? name : null }
      const engine = await make({ id, name: volume, salt, snapshot: null, ...how })
      if (source) await volumes.copy(source.engine, engine)
      filled.push(engine)
    }
    const isFilled = store.resets.filled(id, { volumes: filled, salt: snapshot?.salt ?? null })
    if (isFilled) log.info({ ...logFields(id), snapshot: name, ms: Date.now() - began }, 'new data is ready')
    return isFilled
  })

  function fail(reason: string): false {
    store.resets.fail(id, reason, Date.now())
    return false
  }
}

async function takePlace({ store, volumes, nudges, log }: Needs, { preview: id, by }: Reset): Promise<void> {
  const preview = store.get(id)
  switch (preview?.state) {
    case 'running':
    case 'paused': {
      // Its next start finds the new data.
      const restarting = store.apply(id, { type: 'restart' }, Date.now(), by)
      if (restarting) await nudges.nudge(restarting)
      return
    }
    case 'starting':
    case 'stopping':
    case 'removing':
      return
    default:
      if (!store.resets.finish(id, Date.now())) return
      log.info({ ...logFields(id) }, 'the preview has new data')
      await volumes.removeOld(id)
  }
}
