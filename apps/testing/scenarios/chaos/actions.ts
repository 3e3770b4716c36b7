/** What people, programs and accidents do to a Lotan: each by its name, so that a seed repeats it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { NAMELESS, splitId, type PreviewId } from '../../../shared/preview/preview-id.ts'
import { generationOf } from '../../../shared/preview/preview.ts'
import { imageNameOf } from '../../../shared/repository.ts'
import { containerName, sandboxName } from '../../../shared/slots/container-name.ts'
import { docker, kill, removeByHand } from '../../harness/docker.ts'
import type { EngineProxy } from '../../harness/engine-proxy.ts'
import { asBrowser, type Lotan, type PartName } from '../../harness/lotan.ts'
import { emptyRedis, fillDisk, freeze, lockDatabase, protectDatabase, reboot, takeAway } from '../accidents.ts'
import type { OwnDisk } from '../own-disk.ts'
import type { PullRequests } from '../pull-requests.ts'
import { publishApp } from '../../images/publish.ts'
import type { Recipe } from '../../images/recipe.ts'
import type { Insiders } from './insiders.ts'
import { SIDE, withSide } from '../../images/with-side.ts'

/** Of a process, the engine, the database. */
const AWAY_MS = 2_000
const parts: PartName[] = ['router', 'queue-processor', 'reaper', 'forge', 'shell', 'nginx', 'redis']

/** @throws where it cannot be done now: there is no such container, or the API refuses */
export type Action = (id: PreviewId) => Promise<unknown>

export interface Scene {
  lotan: Lotan
  /** Between Lotan and the engine. */
  engine: EngineProxy
  /** The one that its data directory is on. */
  disk: OwnDisk
  pullRequests: PullRequests
  insiders: Insiders
}

export function actionsOn({ lotan, engine, disk, pullRequests, insiders }: Scene): Record<string, Action> {
  return {
    ...previewActions(lotan),
    ...pullRequestActions(lotan, pullRequests),
    // It may take as long as a start, and nothing waits for it.
    'a session is opened': async (id) => void insiders.come(id).catch(() => {}),
    'a session is closed': insiders.goAway,
    'the forge is away': oneAtATime(async () => {
      await pullRequests.github.goAway()
      await sleep(AWAY_MS)
      await pullRequests.github.comeBack()
    }),
    'the engine is away': oneAtATime(() => takeAway(engine, AWAY_MS)),
    'the engine hangs': () => engine.hang(AWAY_MS),
    'the database is locked': () => lockDatabase(lotan, AWAY_MS),
    'the database cannot be written': () => protectDatabase(lotan, AWAY_MS),
    'the disk is full': () => fillDisk(disk, AWAY_MS),
    'Redis is emptied': () => emptyRedis(lotan),
    'the machine reboots': oneAtATime(() => reboot(lotan)),
    ...Object.fromEntries(parts.map((part) => [`kill ${part}`, () => lotan.killPart(part)])),
    ...Object.fromEntries(parts.map((part) => [`freeze ${part}`, () => freeze(lotan, part, AWAY_MS)])),
  }
}

/** One that is closed takes its previews with it, and neither a push nor a click brings one back. */
function pullRequestActions(lotan: Lotan, { tell }: PullRequests): Record<string, Action> {
  const whats = ['close', 'reopen', 'commit'] as const
  return Object.fromEntries(
    whats.flatMap((what) => [
      [`${what}, by its pull request`, (id: PreviewId) => tell(lotan, what, id)],
      [`${what}, and the hook is lost`, (id: PreviewId) => tell(lotan, what, id, false)],
    ]),
  )
}

/** Those of one preview. */
export function previewActions(lotan: Lotan) {
  const { instance } = lotan.config
  let pushes = 0
  let renames = 0

  const api =
    (method: string, path: (id: PreviewId) => string, body?: (id: PreviewId) => object) => async (id: PreviewId) => {
      const { status } = await lotan.api(method, path(id), body?.(id))
      if (status >= 400) throw new Error(`${method} ${path(id)}: ${status}`)
    }
  const ask = (what: string) => api('POST', (id) => `${lotan.pathOf(id)}/${what}`)
  const byHand = (what: string) => (id: PreviewId) => docker('POST', `/containers/${containerOf(id)}/${what}`)

  function generation(id: PreviewId) {
    const preview = lotan.store.get(id)
    const found = preview && generationOf(preview)
    if (!found) throw new Error(`${id} has no container`)
    return found
  }
  function containerOf(id: PreviewId): string {
    const { container } = generation(id)
    if (container === null) throw new Error(`${id} has no container yet`)
    return container
  }
  function sandboxOf(id: PreviewId): string {
    const { sandbox } = generation(id)
    if (sandbox === null) throw new Error(`${id} has no sandbox`)
    return sandboxName(instance, sandbox)
  }

  /** A container with Lotan's labels that no row knows of, as a lost database leaves it. */
  async function stray(id: PreviewId): Promise<void> {
    const number = 900 + pushes++
    const { Config } = await docker<{ Config: { Image: string; Labels: Record<string, string> } }>(
      'GET',
      `/containers/${containerOf(id)}/json`,
    )
    const Labels = { ...Config.Labels, 'lotan.generation': String(number) }
    const name = containerName(instance, id, number)
    await docker('POST', `/containers/create?name=${name}`, { Image: Config.Image, Labels })
    await docker('POST', `/containers/${name}/start`)
  }

  return {
    click: (id) => lotan.request(id, { path: '/plain', headers: asBrowser }),
    'a program asks': (id) => lotan.request(id, { path: '/plain' }),
    add: api(
      'POST',
      (id) => lotan.listOf(id),
      (id) => ({ tag: splitId(id).tag }),
    ),
    start: ask('start'),
    stop: ask('stop'),
    restart: ask('restart'),
    refresh: ask('refresh'),
    remove: api('DELETE', (id) => lotan.pathOf(id)),
    push: (id) =>
      publishApp(imageNameOf(id, lotan.config), {
        ...toldRepository(id),
        labels: { ...stackOf(id, lotan).labels, 'lotan.test.push': String(pushes++) },
      }),
    'docker kill, the service': async (id) => kill(await lotan.serviceOf(id, SIDE)),
    'docker stop, the service': async (id) => docker('POST', `/containers/${await lotan.serviceOf(id, SIDE)}/stop?t=1`),
    'docker pause, the service': async (id) => docker('POST', `/containers/${await lotan.serviceOf(id, SIDE)}/pause`),
    'docker rm -f, the service': async (id) => removeByHand(await lotan.serviceOf(id, SIDE)),
    'docker kill': (id) => kill(containerOf(id)),
    'docker stop': byHand('stop?t=1'),
    'docker restart': byHand('restart?t=0'),
    'docker start': byHand('start'),
    'docker pause': byHand('pause'),
    'docker unpause': byHand('unpause'),
    'docker rename': (id) =>
      docker('POST', `/containers/${containerOf(id)}/rename?name=chaos-${instance}-${renames++}`),
    'docker rm -f': (id) => removeByHand(containerOf(id)),
    'docker kill, the sandbox': (id) => kill(sandboxOf(id)),
    'docker rm -f, the sandbox': (id) => removeByHand(sandboxOf(id)),
    'docker run, with its labels': stray,
  } satisfies Record<string, Action>
}

/** Every other preview has a stack. */
export const stacked: readonly PreviewId[] = ['green', 'api/red', 'docs/pr-1']

/** @param lotan its settings say where images are */
export function stackOf(id: PreviewId, lotan: Pick<Lotan, 'config'>): Recipe {
  const hasHost = lotan.config.slotKind !== 'port'
  return stacked.includes(id) ? withSide(id, imageNameOf('red', lotan.config), hasHost) : {}
}

/** What the application of an image tells of where it is from. */
export function toldRepository(id: PreviewId): Recipe {
  const { repository } = splitId(id)
  return { env: repository === NAMELESS ? {} : { APP_REPOSITORY: repository } }
}

/** For what cannot happen twice at once. */
function oneAtATime(action: () => Promise<void>): () => Promise<void> {
  let last = Promise.resolve()
  return () => (last = last.catch(() => {}).then(action))
}
