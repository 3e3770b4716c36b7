/**
 * Rounds of accidents that a seed repeats, while people visit. After each round engine and database must agree within 30
 * seconds, with nothing stuck, no answer of another preview, and no container touched that is not Lotan's.
 */
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { docker, removeByHand } from '../../harness/docker.ts'
import { openEngineProxy } from '../../harness/engine-proxy.ts'
import { startLotan, type Lotan } from '../../harness/lotan.ts'
import { startLoad } from '../../clients/load.ts'
import { buildApp } from '../../images/build.ts'
import { publishApps } from '../../images/publish.ts'
import { startImageRegistry } from '../../registries/image-registry.ts'
import type { SlotKind } from '../../../shared/slots/slots.ts'
import { openOwnDisk } from '../own-disk.ts'
import { NAMELESS, splitId, type PreviewId } from '../../../shared/preview/preview-id.ts'
import { actionsOn, stacked, toldRepository, type Action } from './actions.ts'
import { sideOf, withSide } from '../../images/with-side.ts'
import { differences } from './agree.ts'
import { openInsiders } from './insiders.ts'
import { openJudge } from './judge.ts'
import { openPullRequests } from '../pull-requests.ts'
import { seeded } from './random.ts'

const SETTLED_MS = 30_000
const LOOK_MS = 250
const MOST_ACTIONS = 8
const MOST_PAUSE_MS = 700
/** The same tags in three repositories. */
const ids = ['red', 'green', 'api/red', 'api/green', 'docs/red', 'docs/pr-1']
const named = ['api', 'docs']

export type Chaos = Awaited<ReturnType<typeof openChaos>>

/** @param options.seed all that a round does follows from it and the round's number */
export async function openChaos(options: { seed: string; slotKind?: SlotKind; sandboxes?: number }) {
  const { seed, slotKind = 'network', sandboxes = 2 } = options
  const registry = await startImageRegistry()
  const referenceOf = (name: string) =>
    name === NAMELESS ? registry.repository : registry.repository.replace(/[^/]+$/, name)
  for (const name of [NAMELESS, ...named]) {
    const its = ids.filter((id) => splitId(id).repository === name)
    for (const id of its) {
      const stack = stacked.includes(id) ? withSide(id, `${referenceOf(NAMELESS)}:red`, slotKind === 'network') : {}
      await publishApps(referenceOf(name), [splitId(id).tag], { ...toldRepository(id), ...stack })
    }
  }
  const foreign = await foreignContainers(registry.repository)
  const engine = await openEngineProxy()
  const disk = await openOwnDisk({ megabytes: 256 })
  const pullRequests = await openPullRequests(ids)
  let lotan: Lotan | undefined
  const counts = { actions: 0, refused: 0, served: 0, byServices: 0, slowest: 0 }

  async function close() {
    await lotan?.stop()
    await engine.close()
    await disk.close()
    await pullRequests.close()
    for (const id of foreign) await removeByHand(id)
    await registry.close()
  }

  try {
    lotan = await startLotan({
      repository: registry.repository,
      env: {
        LOTAN_REPOSITORIES: named.map((name) => `${name}=${referenceOf(name)}`).join(' '),
        ...pullRequests.settings,
        LOTAN_DATA_DIR: path.join(disk.dir, 'data'),
        DOCKER_HOST: `unix://${engine.socket}`,
        // Each rests for 30 s: with fewer, a start could wait longer for one than a round may take to settle.
        LOTAN_SLOTS: '24',
        LOTAN_SLOT_KIND: slotKind,
        LOTAN_SANDBOXES: String(sandboxes),
        LOTAN_SHELL: 'on',
        LOTAN_MAX_RUNNING: '4',
        LOTAN_HOLD_SECONDS: '10',
        LOTAN_GRACE_SECONDS: '1',
        INACTIVITY_PAUSE_TIMEOUT_MINUTES: '0.3',
        INACTIVITY_STOP_TIMEOUT_MINUTES: '1',
        INACTIVITY_RMI_TIMEOUT_MINUTES: '2',
      },
    })
  } catch (error) {
    await close()
    throw error
  }
  const bed = lotan
  const judge = await openJudge(bed.config.instance, foreign)
  const insiders = openInsiders(bed)
  const actions = actionsOn({ lotan: bed, engine, disk, pullRequests, insiders })

  return {
    counts: () => ({ ...counts, inside: insiders.came(), heard: judge.heard() }),

    /** @throws with all that is wrong, and what was done */
    async round(number: number): Promise<void> {
      const random = seeded(`${seed} ${number}`)
      const done: string[] = []
      const subjects = [random.oneOf(ids), random.oneOf(ids)]
      // Where slots are ports there are no second hosts.
      const side = slotKind === 'network' ? [sideOf(random.oneOf(stacked))] : []
      const load = startLoad(bed, [...subjects, ...side], { pause: 20 })
      // Beside whatever happens, in this round and the next; it may not come in.
      void insiders.come(subjects[0]!).catch(() => {})
      const under: Promise<unknown>[] = []
      for (let left = 1 + random.below(MOST_ACTIONS); left > 0; left--) {
        const [name, id] = [random.oneOf(Object.keys(actions)), random.oneOf(ids)]
        const began = Date.now()
        const state = bed.store.get(id)?.state ?? 'unknown'
        counts.actions++
        const doing = attempt(actions[name]!, id).then(
          () => '',
          (error: Error) => (counts.refused++, `: ${error.message.slice(0, 120)}`),
        )
        under.push(
          doing.then((result) => done.push(`${new Date(began).toISOString()} ${name} ${id} (${state})${result}`)),
        )
        await sleep(random.below(MOST_PAUSE_MS))
      }
      await Promise.all(under)
      await load.stop()
      counts.served += [...load.served().values()].reduce((all, some) => all + some, 0)
      counts.byServices += side.reduce((all, one) => all + (load.served().get(one) ?? 0), 0)
      const wrong = [...load.wrong().keys()]
      const began = Date.now()
      const notReady = await bed.ready().then(
        () => [],
        (error: Error) => [error.message.split('\n')[0]!],
      )
      const left = await lasting(bed)
      counts.slowest = Math.max(counts.slowest, Date.now() - began)
      const faults = [...wrong, ...notReady, ...left, ...judge.faults(), ...pullRequests.faults()]
      if (faults.length === 0) return
      const log = path.join(os.tmpdir(), `lotan-chaos-${seed.replace(/\W/g, '-')}-${number}.log`)
      await fs.writeFile(log, await bed.output())
      throw new Error(account({ faults: [...faults, `Its logs: ${log}`], done, number, lotan: bed, seed }))
    },

    async close() {
      judge.close()
      await insiders.allGoAway()
      await close()
    },
  }
}

/** Waits until engine and database agree. @returns what has differed for longer than it may */
async function lasting(lotan: Lotan): Promise<string[]> {
  let seen = new Map<string, number>()
  const tooLong = () => [...seen].filter(([, since]) => Date.now() - since >= SETTLED_MS).map(([what]) => what)
  for (const end = Date.now() + 3 * SETTLED_MS; Date.now() < end; await sleep(LOOK_MS)) {
    const now = await differences(lotan)
    // A start that had to wait for its place changes things anew.
    seen = new Map(now.map((what) => [what, seen.get(what) ?? Date.now()]))
    if (seen.size === 0 || tooLong().length > 0) return tooLong()
  }
  return ['it never comes to rest', ...seen.keys()]
}

/** Some find at once that they cannot be done. */
async function attempt(action: Action, id: PreviewId): Promise<void> {
  await action(id)
}

function account(of: { faults: string[]; done: string[]; number: number; seed: string; lotan: Lotan }): string {
  const history = (id: PreviewId) =>
    of.lotan.store
      .history(id, 15)
      .reverse()
      .map(
        ({ at, was, event, state, detail }) =>
          `  ${new Date(at).toISOString()} ${was} -${event}-> ${state} ${detail ?? ''}`,
      )
  return [
    `seed ${of.seed}, round ${of.number}`,
    ...of.faults,
    'What was done:',
    ...of.done.sort().map((line) => `  ${line}`),
    ...ids.flatMap((id) => [`${id}:`, ...history(id)]),
  ].join('\n')
}

/** Another program's, another Lotan's, and one of the repository's own image that a person runs by hand. */
async function foreignContainers(repository: string): Promise<string[]> {
  const image = `${repository}:by-hand`
  await buildApp(image)
  const labels = [
    {},
    { 'lotan.managed': 'true', 'lotan.instance': '0', 'lotan.repository': repository, 'lotan.tag': 'red' },
    { 'lotan.managed': 'true', 'lotan.repository': repository, 'lotan.tag': 'red', 'lotan.generation': '1' },
  ]
  const made: string[] = []
  for (const one of labels) {
    const Labels = { ...one, 'lotan.test': 'true' }
    const { Id } = await docker<{ Id: string }>('POST', '/containers/create', { Image: image, Labels })
    await docker('POST', `/containers/${Id}/start`)
    made.push(Id)
  }
  return made
}
