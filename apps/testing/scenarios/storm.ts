/**
 * A few previews on few slots end in every possible way and come back, so that addresses and names are reused as fast
 * as the rules allow, while their visitors check whose page they are shown. They are of three repositories, in which the
 * same tags are: an answer names both.
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { startLotan, type Lotan, type PartName } from '../harness/lotan.ts'
import { kill, removeByHand } from '../harness/docker.ts'
import { idOf, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import { generationOf } from '../../shared/preview/preview.ts'
import { sandboxName } from '../../shared/slots/container-name.ts'
import type { SlotKind } from '../../shared/slots/slots.ts'
import { buildApps } from '../images/build.ts'
import { startLoad, type Load } from '../clients/load.ts'
import { openPullRequests } from './pull-requests.ts'
import { SIDE, sideOf, withSide } from '../images/with-side.ts'
import { startImageRegistry } from '../registries/image-registry.ts'

export type Storm = Awaited<ReturnType<typeof openStorm>>

/** Beside the one without a name. */
const named = ['api', 'docs']

/** All ways in which previews and processes end. The last ones are of no preview. */
export const disturbances = [
  ...(['kill', 'rm -f', 'stop', 'restart', 'remove', 'add', 'kill all', 'kill sandbox', 'rm sandbox'] as const),
  ...(['kill service', 'rm service'] as const),
  // Of the pull request that the preview's tag is of, and so of that tag in all repositories.
  ...(['close', 'reopen', 'commit'] as const),
  ...(['nginx', 'router', 'queue-processor', 'reaper', 'forge'] as const),
] as const
export type Disturbance = (typeof disturbances)[number]

/**
 * @param options.peopled ids of previews, visited by people and robots
 * @param options.quiet visited by robots alone, so that a stop of them lasts
 * @param options.pause of each visitor, milliseconds
 * @param options.slotKind LOTAN_SLOT_KIND
 * @param options.sandboxes LOTAN_SANDBOXES
 * @param options.isGated previews are behind a gate, and strangers ask too
 */
export async function openStorm({
  peopled,
  quiet = [],
  pause,
  slotKind = 'network',
  sandboxes = 2,
  isGated = false,
}: {
  peopled: PreviewId[]
  quiet?: PreviewId[]
  pause: number
  slotKind?: SlotKind
  sandboxes?: number
  isGated?: boolean
}) {
  const previews = [...peopled, ...quiet]
  /** Every other of them has a service, with a host of its own where there can be one. */
  const stacks = peopled.filter((_, i) => i % 2 === 0)
  const hasHosts = slotKind === 'network'
  const registry = await startImageRegistry()
  const pullRequests = await openPullRequests(previews)
  const loads: Load[] = []
  const done = new Map<Disturbance, number>()
  let lotan: Lotan | undefined

  async function disturb(name: Disturbance, id: PreviewId): Promise<void> {
    switch (name) {
      case 'kill':
        return kill(await lotan!.containerOf(up(id)))
      case 'rm -f':
        return removeByHand(await lotan!.containerOf(up(id)))
      case 'kill sandbox':
        return kill(sandboxOf(up(id)))
      case 'rm sandbox':
        return removeByHand(sandboxOf(up(id)))
      case 'kill service':
        return kill(await lotan!.serviceOf(stacked(id), SIDE))
      case 'rm service':
        return removeByHand(await lotan!.serviceOf(stacked(id), SIDE))
      case 'stop':
      case 'restart':
        return accepted(lotan!.api('POST', `${lotan!.pathOf(id)}/${name}`))
      case 'remove':
        return accepted(lotan!.api('DELETE', lotan!.pathOf(id)))
      case 'add':
        return accepted(lotan!.api('POST', lotan!.listOf(id), { tag: splitId(id).tag }))
      case 'close':
      case 'commit':
        return pullRequests.tell(lotan!, name, id)
      case 'reopen':
        return void (await Promise.all(previews.map((one) => pullRequests.tell(lotan!, name, one))))
      case 'kill all':
        return void (await Promise.all(previews.filter(isUp).map(async (id) => kill(await lotan!.containerOf(id)))))
      default:
        await lotan!.killPart(name)
        return lotan!.ready()
    }
  }

  function sandboxOf(id: PreviewId): string {
    const sandbox = generationOf(lotan!.store.get(id)!)?.sandbox
    assert.ok(sandbox, `${id} has no sandbox`)
    return sandboxName(lotan!.config.instance, sandbox)
  }

  const isUp = (id: PreviewId) => lotan!.store.get(id)?.state === 'running'
  /** This one, or another if it has no stack, or is not up. */
  const stacked = (id: PreviewId) => [id, ...stacks].find((one) => stacks.includes(one) && isUp(one)) ?? id
  /** This one, or another if it has no container now. */
  const up = (id: PreviewId) => (isUp(id) ? id : (previews.find(isUp) ?? id))

  /** Behind a port an application's address does not tell its slot: the history does. */
  function sharedSlots(): string[] {
    const had = new Map<string, Set<string>>()
    for (const id of previews)
      for (const { event, detail } of lotan!.store.history(id, 200))
        if (event === 'begin' && detail) had.set(detail, (had.get(detail) ?? new Set()).add(id))
    return [...had].filter(([, ids]) => ids.size > 1).map(([slot]) => slot)
  }

  const storm = {
    get lotan(): Lotan {
      return lotan!
    },

    /** @returns false where there is no container now */
    async disturb(name: Disturbance, id: PreviewId = ''): Promise<boolean> {
      try {
        await disturb(name, id)
        done.set(name, (done.get(name) ?? 0) + 1)
        return true
      } catch {
        return false
      }
    },

    /** Kills a process as often as the launcher starts it, for so many milliseconds. */
    async keepAway(part: PartName, ms: number): Promise<void> {
      const end = Date.now() + ms
      for (; Date.now() < end; await sleep(20)) {
        const pid = lotan!.part(part)
        if (pid) killIfThere(pid)
      }
      await lotan!.ready()
    },

    visit() {
      const options = { pause, bypass: isGated ? lotan!.token : undefined }
      const hosts = hasHosts ? [...peopled, ...stacks.map(sideOf)] : peopled
      loads.push(startLoad(lotan!, hosts, options), startLoad(lotan!, quiet, { ...options, people: false }))
    },

    wrong: () => [
      ...loads.flatMap((load) => [...load.wrong()].map(([what, times]) => `${what}: ${times} times`)),
      ...pullRequests.faults(),
    ],

    served: () => sum(loads.flatMap((load) => [...load.served().values()])),

    /** Addresses (on port slots: slots) that more than one preview had. */
    shared(): string[] {
      if (slotKind === 'port') return sharedSlots()
      const [one, other] = loads.map((load) => load.addresses())
      const all = new Set([...(one?.keys() ?? []), ...(other?.keys() ?? [])])
      return [...all].filter((address) => (one?.get(address)?.size ?? 0) + (other?.get(address)?.size ?? 0) > 1)
    },

    /** For people to read. */
    account: () => ({
      served: storm.served(),
      wrong: storm.wrong(),
      byPreview: Object.assign({}, ...loads.map((load) => Object.fromEntries(load.served()))) as object,
      others: loads.map((load) => Object.fromEntries(load.others())),
      disturbances: Object.fromEntries(done),
      sharedAddresses: storm.shared().length,
    }),

    done: (name: Disturbance) => done.get(name) ?? 0,

    async close() {
      await Promise.all(loads.map((load) => load.stop()))
      await lotan?.stop()
      await pullRequests.close()
      await registry.close()
    },
  }

  try {
    await buildApps(registry.repository, [SIDE])
    const referenceOf = (name: string) => registry.repository.replace(/[^/]+$/, name)
    for (const name of ['', ...named]) {
      const tags = previews.map(splitId).filter(({ repository }) => repository === name)
      const [reference, env] = name === '' ? [registry.repository, {}] : [referenceOf(name), { APP_REPOSITORY: name }]
      const plain = tags.filter((key) => !stacks.includes(idOf(key)))
      await buildApps(reference, plain.map(({ tag }) => tag), { env }) // prettier-ignore
      for (const key of tags.filter((key) => !plain.includes(key)))
        await buildApps(reference, [key.tag], {
          env,
          ...withSide(idOf(key), `${registry.repository}:${SIDE}`, hasHosts),
        })
    }
    lotan = await startLotan({
      repository: registry.repository,
      env: {
        ...pullRequests.settings,
        LOTAN_REPOSITORIES: named.map((name) => `${name}=${referenceOf(name)}`).join(' '),
        LOTAN_SLOTS: sandboxes > 2 ? '12' : '6',
        LOTAN_SLOT_KIND: slotKind,
        LOTAN_GATE: isGated ? 'login' : 'off',
        LOTAN_SANDBOXES: String(sandboxes),
        LOTAN_MAX_RUNNING: '4',
        LOTAN_HOLD_SECONDS: '10',
        LOTAN_GRACE_SECONDS: '1',
        // Previews that only robots visit sleep soon, and wake when they are added again.
        INACTIVITY_PAUSE_TIMEOUT_MINUTES: '0.12',
      },
    })
  } catch (error) {
    await storm.close()
    throw error
  }
  return storm
}

async function accepted(call: Promise<{ status: number }>): Promise<void> {
  assert.equal((await call).status, 202)
}

function sum(numbers: number[]): number {
  return numbers.reduce((all, number) => all + number, 0)
}

/** Of two looks 20 ms apart the first has killed it, and the launcher knows so by the second. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
