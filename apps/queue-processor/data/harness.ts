/** Volumes on the real engine, with a database of their own, and neither Redis nor previews that run. */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { openEngine } from '../../shared/engine/engine.ts'
import { previewLabels } from '../../shared/engine/preview-labels.ts'
import { volumeLabels } from '../../shared/engine/volume-labels.ts'
import { openLog } from '../../shared/log.ts'
import { serviceName, volumeName } from '../../shared/slots/container-name.ts'
import { stackSecret } from '../../shared/stack/secrets.ts'
import type { Volume } from '../../shared/stack/stack.ts'
import { openStore, type Store } from '../../shared/store/store.ts'
import { labelOf } from '../../shared/tag.ts'
import { oneRepository, repositoriesAt } from '../../testing/harness/repositories.ts'
import { surroundings } from '../../testing/harness/surroundings.ts'
import { docker, removeByHand } from '../../testing/harness/docker.ts'
import { keepSmallBase } from '../../testing/images/kept-bases.ts'
import { openVolumes, type Needs } from './volumes.ts'

export type DataHarness = Awaited<ReturnType<typeof openDataHarness>>

export const DAY = 24 * 60 * 60_000

export async function openDataHarness() {
  const home = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-data-'))
  const log = openLog('test', 'silent')
  const config: Needs['config'] = {
    instance: randomBytes(3).toString('hex'),
    repositories: repositoriesAt('127.0.0.1:1/test/app'),
    dataFor: 7 * DAY,
    forge: null,
  }
  const engine = openEngine({ dockerHost: surroundings.DOCKER_HOST ?? null, instance: config.instance })
  const stores: Store[] = []

  /** As after a crash, or with an empty database. */
  function open(file = 'lotan.sqlite') {
    const store = openStore(path.join(home, file), {
      slots: 10,
      label: (tag) => labelOf(tag, { domain: 'example.com', transliterate: true, ...oneRepository }),
      log,
    })
    stores.push(store)
    return { store, engine, volumes: openVolumes({ config, store, engine, log }) }
  }

  return {
    config,
    engine,
    log,
    open,

    /** With another engine between. */
    openWith(between: Needs['engine']) {
      const { store } = open()
      return { store, volumes: openVolumes({ config, store, engine: between, log }) }
    },

    /** Its row says that it runs; it has no container. */
    bringUp(store: Store, id: string) {
      const image = { id: 'i', digest: null, pulled: true, bytes: 9, created: null, labels: {}, ports: [] }
      store.apply(id, { type: 'start', by: 'visit' })
      store.apply(id, { type: 'found', image })
      store.apply(id, { type: 'begin', places: 9, port: 80 })
      store.apply(id, { type: 'created', generation: 1, container: 'none' })
      store.apply(id, { type: 'started', generation: 1 })
      store.apply(id, { type: 'answered', generation: 1, notices: [] })
    },

    /** It counts in two files, one after the other, for ever. */
    async startService(id: string, service: string, volume: string) {
      const name = serviceName(config.instance, id, service, 1)
      const labels = { 'lotan.instance': config.instance, 'lotan.service': service, 'lotan.generation': '1' }
      const count = 'i=0; while :; do i=$((i + 1)); echo $i >> /v/a; echo $i >> /v/b; done'
      await docker('POST', `/containers/create?name=${name}`, {
        Image: await keepSmallBase(),
        Entrypoint: ['/bin/busybox', 'sh', '-c', count],
        Labels: { ...labels, ...previewLabels(id) },
        HostConfig: { Binds: [`${volume}:/v`] },
      })
      await docker('POST', `/containers/${name}/start`)
      return {
        id: name,
        inspect: () => docker<{ State: { Status: string } }>('GET', `/containers/${name}/json`),
        end: () => removeByHand(name),
      }
    },
    secret: (store: Store, id: string) => stackSecret('key', store.stackSalts.of(id), 'DB'),

    /** What a shell writes that has the volume at /v. */
    inside: (volume: string, script: string) => runBeside({ v: volume }, script),

    /** The same with several: each at its key. */
    insideAll: (volumes: Record<string, string>, script: string) => runBeside(volumes, script),

    /** A container that does not run mounts it. @returns what removes that container */
    async mount(volume: string): Promise<() => Promise<void>> {
      const { Id } = await docker<{ Id: string }>('POST', '/containers/create', {
        Image: await keepSmallBase(),
        Cmd: ['/bin/busybox', 'true'],
        HostConfig: { Binds: [`${volume}:/v`] },
      })
      return () => removeByHand(Id)
    },

    /** One with the labels of a preview's, which no database knows. @returns its name on the engine */
    async strangersVolume(preview: string, name: string): Promise<string> {
      const engineName = volumeName(config.instance, preview, name, randomBytes(4).toString('hex'))
      const facts = { preview, name, salt: 'other', created: Date.now(), snapshot: null }
      await engine.createVolume(engineName, volumeLabels(facts, config.instance, 'test/app'))
      return engineName
    },

    async close() {
      for (const store of stores) store.close()
      for (const { id } of await engine.listServices()) await removeByHand(id)
      for (const volume of await engine.listVolumes()) await engine.removeVolume(volume.engine)
      await fs.rm(home, { recursive: true })
    },
  }
}

export async function runBeside(volumes: Record<string, string>, script: string): Promise<string> {
  const { Id } = await docker<{ Id: string }>('POST', '/containers/create', {
    Image: await keepSmallBase(),
    Entrypoint: ['/bin/busybox', 'sh', '-c', script],
    Tty: true,
    NetworkDisabled: true,
    HostConfig: { Binds: Object.entries(volumes).map(([at, volume]) => `${volume}:/${at}`) },
  })
  try {
    await docker('POST', `/containers/${Id}/start`)
    await docker('POST', `/containers/${Id}/wait`)
    // An engine without a word answers nothing at all.
    const written = await docker<string | number | undefined>('GET', `/containers/${Id}/logs?stdout=1&stderr=1`)
    return String(written ?? '')
      .replaceAll('\r', '')
      .trim()
  } finally {
    await removeByHand(Id)
  }
}

export function volume(name: string, rest: Partial<Volume> = {}): Volume {
  return { name, keep: null, onPush: 'keep', from: null, ...rest }
}
