/** Files of a container, as the engine's archives: without any program in it, and while it is stopped too. */
import type { Readable } from 'node:stream'
import type Docker from 'dockerode'
import { call, undefinedIfMissing } from './call.ts'

export interface FileStat {
  name: string
  /** Bytes. */
  size: number
  /** As Go writes it: the type's bit is high up. */
  mode: number
  /** Empty but for a link. */
  linkTarget: string
}

/** A link is not followed. @returns undefined where there is none @throws EngineError */
export async function statFile(docker: Docker, id: string, path: string): Promise<FileStat | undefined> {
  const answer = (await undefinedIfMissing(
    call(`looking for ${path}`, (abort) => docker.getContainer(id).infoArchive({ path, ...abort })),
  )) as { headers: Record<string, string | undefined> } | undefined
  const written = answer?.headers['x-docker-container-path-stat']
  return written === undefined ? undefined : (JSON.parse(Buffer.from(written, 'base64').toString('utf8')) as FileStat)
}

/** A tar of the file, or of the folder with all that is in it. @throws EngineError `missing` */
export async function readArchive(docker: Docker, id: string, path: string): Promise<Readable> {
  return (await call(`reading ${path}`, (abort) =>
    docker.getContainer(id).getArchive({ path, ...abort }),
  )) as unknown as Readable
}

/** Unpacks a tar into a folder that is there. What it holds is to be looked at before. @throws EngineError `missing` */
export async function writeArchive(
  docker: Docker,
  id: string,
  path: string,
  tar: Readable,
  signal?: AbortSignal,
): Promise<void> {
  await call(
    `writing to ${path}`,
    (abort) => docker.getContainer(id).putArchive(tar, { path, noOverwriteDirNonDir: 'true', ...abort }),
    { ms: 0, signal },
  )
}
