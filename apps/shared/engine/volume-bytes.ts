import type Docker from 'dockerode'
import { call } from './call.ts'
import { mountpointOf } from './volumes.ts'
import { measure, readable } from './written.ts'

/** The engine walks all files of all containers and volumes. */
const ENGINE_MS = 120_000

/** `local`: the engine is reached by a unix socket. Only then its paths may be this machine's. */
export function openVolumeBytes(docker: Docker, local: boolean) {
  /** Bytes in disk blocks. undefined where there is no such volume, or where nothing tells. */
  return async function volumeBytes(volume: string): Promise<number | undefined> {
    const path = await mountpointOf(docker, volume)
    if (path === undefined) return undefined
    const paths = local && path.startsWith('/') ? await readable([path]) : null
    return (paths && (await measure(paths, '', 0, Infinity))) ?? measureByEngine(volume)
  }

  async function measureByEngine(volume: string): Promise<number | undefined> {
    const asked = call(
      'measuring volumes',
      (abort) => (docker as unknown as { df(options: object): Promise<unknown> }).df({ ...abort }),
      { ms: ENGINE_MS },
    )
    const { Volumes } = (await asked) as { Volumes: Docker.VolumeInspectInfo[] | null }
    const size = Volumes?.find(({ Name }) => Name === volume)?.UsageData?.Size
    return size !== undefined && size >= 0 ? size : undefined
  }
}
