/** Images of copies of previews: names on this engine alone. */
import type Docker from 'dockerode'
import { copyImages, readCopyImageName } from '../slots/container-name.ts'
import type { PreviewId } from '../preview/preview-id.ts'
import { call, readAnswer } from './call.ts'

/** A layer of gigabytes is read and written. */
const COMMIT_MS = 15 * 60_000

/**
 * Makes an image of a container with what was written into it: all but its volumes. Of the variables that it was given
 * beside its image's own only the names go with it: they may hold secrets.
 * @throws EngineError
 */
export async function commit(
  docker: Docker,
  id: string,
  reference: string,
  Labels: Record<string, string>,
): Promise<void> {
  const { Config: config, Image: image } = await call('inspecting what is kept', (abort) =>
    docker.getContainer(id).inspect({ ...abort } as object),
  )
  const made = await call('inspecting its image', (abort) => docker.getImage(image).inspect({ ...abort } as object))
  const Env = readAnswer('inspecting what is kept', () => {
    const own = new Map((made.Config?.Env ?? []).map((line) => [nameOf(line), line]))
    return (config.Env ?? []).map((line) => own.get(nameOf(line)) ?? `${nameOf(line)}=`)
  })
  const at = reference.lastIndexOf(':')
  const _query = { container: id, repo: reference.slice(0, at), tag: reference.slice(at + 1) }
  await call(
    'keeping a container',
    (abort) => docker.getContainer(id).commit({ _query, _body: { Env, Labels }, ...abort }),
    { ms: COMMIT_MS },
  )
}

export interface CopyImage {
  copy: PreviewId
  name: string
}

/** All that the instance has, whether a database knows them or not. */
export async function copyImagesOf(docker: Docker, instance: string): Promise<CopyImage[]> {
  const reference = [`${copyImages(instance)}/*`, `${copyImages(instance)}/*/*`]
  const images = await call('listing copies', (abort) => docker.listImages({ filters: { reference }, ...abort }))
  return readAnswer('listing copies', () =>
    images
      .flatMap(({ RepoTags }) => RepoTags ?? [])
      .flatMap((name) => {
        const copy = readCopyImageName(name, instance)
        return copy === undefined ? [] : { copy, name }
      }),
  )
}

function nameOf(variable: string): string {
  return variable.split('=', 1)[0]!
}
