/** Copies a volume into another one: in a container, since the engine's files may be another machine's. */
import { randomBytes } from 'node:crypto'
import type Docker from 'dockerode'
import { call, readAnswer } from './call.ts'
import * as containers from './containers.ts'
import { EngineError } from './error.ts'
import { output } from './output.ts'

export const HELPER = 'lotan.helper'
const MEMORY = 256 * 1024 ** 2

export interface VolumeCopy {
  /** Names on the engine. */
  from: string
  /** It is empty. */
  to: string
  image: string
  command: string[]
  /** Ends the copy; what it has written stays. */
  signal?: AbortSignal
}

/** What owners, modes and attributes of files need; device files are left out. */
const CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'SETFCAP']

/**
 * @throws EngineError `disk-full`, or `start-failed` with what the program wrote; or the reason of the signal
 */
export async function copyVolume(docker: Docker, instance: string, copy: VolumeCopy): Promise<void> {
  const { from, to, image, command, signal } = copy
  signal?.throwIfAborted()
  const id = await containers.create(docker, {
    name: `lotan-copy-${instance}-${randomBytes(4).toString('hex')}`,
    Image: image,
    Entrypoint: [...command, '/from/.', '/to/'],
    Cmd: [],
    User: '0:0',
    Labels: { 'lotan.managed': 'true', 'lotan.instance': instance, [HELPER]: 'copy' },
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      NetworkMode: 'none',
      RestartPolicy: { Name: 'no' },
      ReadonlyRootfs: true,
      // The engine would fill an empty volume with what the image has at that path.
      Mounts: [
        { Type: 'volume', Source: from, Target: '/from', ReadOnly: true, VolumeOptions: { NoCopy: true } },
        { Type: 'volume', Source: to, Target: '/to', VolumeOptions: { NoCopy: true } },
      ] as Docker.MountSettings[],
      Memory: MEMORY,
      MemorySwap: MEMORY,
      PidsLimit: 16,
      SecurityOpt: ['no-new-privileges'],
      CapDrop: ['ALL'],
      CapAdd: CAPABILITIES,
    },
  })
  try {
    await containers.start(docker, id)
    const code = await containers.wait(docker, id, signal)
    if (code === 0) return
    const written = (await output(docker, id, 3)).join('; ')
    const isFull = /no space left on device|disk quota exceeded/i.test(written)
    const message = `copying ${from}: ${written || (code === null ? 'another program removed the copying container' : `status ${code}`)}`
    throw new EngineError(isFull ? 'disk-full' : 'start-failed', message)
  } finally {
    await containers.remove(docker, id)
  }
}

/** Of copies that were under way when their queue-processor ended. */
export async function removeHelpers(docker: Docker, instance: string): Promise<void> {
  await removeLabelled(docker, instance, HELPER)
}

/** All of the instance's containers with a label, whatever its value. @throws EngineError */
export async function removeLabelled(docker: Docker, instance: string, label: string): Promise<void> {
  const filters = { label: [`lotan.instance=${instance}`, label] }
  const found = await call('listing containers', (abort) => docker.listContainers({ all: true, filters, ...abort }))
  for (const id of readAnswer('listing containers', () => found.map(({ Id }) => Id)))
    await containers.remove(docker, id)
}
