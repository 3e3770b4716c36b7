/** What people, programs and accidents do to a Lotan: each by its name, so that a seed repeats it. */
import { generationOf } from '../../../shared/preview/preview.ts'
import { containerName, sandboxName } from '../../../shared/slots/container-name.ts'
import { docker, kill, removeByHand } from '../../harness/docker.ts'
import type { EngineProxy } from '../../harness/engine-proxy.ts'
import { asBrowser, type Lotan, type PartName } from '../../harness/lotan.ts'
import { emptyRedis, fillDisk, freeze, lockDatabase, protectDatabase, reboot, takeAway } from '../accidents.ts'
import type { OwnDisk } from '../own-disk.ts'
import { publishApp } from '../../images/publish.ts'

/** Of a process, the engine, the database. */
const AWAY_MS = 2_000
const parts: PartName[] = ['router', 'queue-processor', 'reaper', 'nginx', 'redis']

/** @throws where it cannot be done now: there is no such container, or the API refuses */
export type Action = (tag: string) => Promise<unknown>

export interface Scene {
  lotan: Lotan
  /** Where images are pushed. */
  repository: string
  /** Between Lotan and the engine. */
  engine: EngineProxy
  /** The one that its data directory is on. */
  disk: OwnDisk
}

export function actionsOn({ lotan, repository, engine, disk }: Scene): Record<string, Action> {
  return {
    ...previewActions(lotan, repository),
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

/** Those of one preview. */
export function previewActions(lotan: Lotan, repository: string) {
  const { instance } = lotan.config
  let pushes = 0
  let renames = 0

  const api =
    (method: string, path: (tag: string) => string, body?: (tag: string) => object) => async (tag: string) => {
      const { status } = await lotan.api(method, path(tag), body?.(tag))
      if (status >= 400) throw new Error(`${method} ${path(tag)}: ${status}`)
    }
  const ask = (what: string) => api('POST', (tag) => `/previews/${tag}/${what}`)
  const byHand = (what: string) => (tag: string) => docker('POST', `/containers/${containerOf(tag)}/${what}`)

  function generation(tag: string) {
    const preview = lotan.store.get(tag)
    const found = preview && generationOf(preview)
    if (!found) throw new Error(`${tag} has no container`)
    return found
  }
  function containerOf(tag: string): string {
    const { container } = generation(tag)
    if (container === null) throw new Error(`${tag} has no container yet`)
    return container
  }
  function sandboxOf(tag: string): string {
    const { sandbox } = generation(tag)
    if (sandbox === null) throw new Error(`${tag} has no sandbox`)
    return sandboxName(instance, sandbox)
  }

  /** A container with Lotan's labels that no row knows of, as a lost database leaves it. */
  async function stray(tag: string): Promise<void> {
    const number = 900 + pushes++
    const { Config } = await docker<{ Config: { Image: string; Labels: Record<string, string> } }>(
      'GET',
      `/containers/${containerOf(tag)}/json`,
    )
    const Labels = { ...Config.Labels, 'lotan.generation': String(number) }
    const name = containerName(instance, tag, number)
    await docker('POST', `/containers/create?name=${name}`, { Image: Config.Image, Labels })
    await docker('POST', `/containers/${name}/start`)
  }

  return {
    click: (tag) => lotan.request(tag, { path: '/plain', headers: asBrowser }),
    'a program asks': (tag) => lotan.request(tag, { path: '/plain' }),
    add: api(
      'POST',
      () => '/previews',
      (tag) => ({ tag }),
    ),
    start: ask('start'),
    stop: ask('stop'),
    restart: ask('restart'),
    refresh: ask('refresh'),
    remove: api('DELETE', (tag) => `/previews/${tag}`),
    push: (tag) => publishApp(`${repository}:${tag}`, { labels: { 'lotan.test.push': String(pushes++) } }),
    'docker kill': (tag) => kill(containerOf(tag)),
    'docker stop': byHand('stop?t=1'),
    'docker restart': byHand('restart?t=0'),
    'docker start': byHand('start'),
    'docker pause': byHand('pause'),
    'docker unpause': byHand('unpause'),
    'docker rename': (tag) =>
      docker('POST', `/containers/${containerOf(tag)}/rename?name=chaos-${instance}-${renames++}`),
    'docker rm -f': (tag) => removeByHand(containerOf(tag)),
    'docker kill, the sandbox': (tag) => kill(sandboxOf(tag)),
    'docker rm -f, the sandbox': (tag) => removeByHand(sandboxOf(tag)),
    'docker run, with its labels': stray,
  } satisfies Record<string, Action>
}

/** For what cannot happen twice at once. */
function oneAtATime(action: () => Promise<void>): () => Promise<void> {
  let last = Promise.resolve()
  return () => (last = last.catch(() => {}).then(action))
}
