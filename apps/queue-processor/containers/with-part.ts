/** What a stack says of how one of its containers is run. Pure. */
import type { CreateOptions } from '../../shared/engine/engine.ts'
import type { Part } from '../../shared/stack/stack.ts'

export interface PartRun {
  of: Part
  /** Of its stack. */
  stack: string
  /** Its values are filled in. */
  environment: Record<string, string>
  /** The engine's name of each volume of the stack, by the stack's. */
  volumes: ReadonlyMap<string, string>
}

export function withPart(
  options: CreateOptions,
  { of: part, volumes }: Pick<PartRun, 'of' | 'volumes'>,
): CreateOptions {
  const { command, entrypoint, user, workingDir, stopSignal } = part
  const tmpfs = part.tmpfs.map(({ target, size }) => [target, size === null ? '' : `size=${size}`])
  const mounts = part.mounts.map(({ volume, target, readOnly }) => ({
    Type: 'volume' as const,
    Source: volumes.get(volume)!,
    Target: target,
    ReadOnly: readOnly,
  }))
  return {
    ...options,
    ...(command && { Cmd: command }),
    ...(entrypoint && { Entrypoint: entrypoint }),
    ...(user !== null && { User: user }),
    ...(workingDir !== null && { WorkingDir: workingDir }),
    ...(stopSignal !== null && { StopSignal: stopSignal }),
    HostConfig: {
      ...options.HostConfig,
      ...(mounts.length > 0 && { Mounts: mounts }),
      ...(tmpfs.length > 0 && { Tmpfs: Object.fromEntries(tmpfs) as Record<string, string> }),
    },
  }
}

/** What runs in it, the entry point first: an entry point of the stack leaves out the image's command. */
export function programOfPart(
  { entrypoint, command }: Pick<Part, 'entrypoint' | 'command'>,
  image: { entrypoint: string[]; command: string[] },
): string[] {
  return [...(entrypoint ?? image.entrypoint), ...(command ?? (entrypoint ? [] : image.command))]
}

/** Of what no stack says anything of. */
export const usualPart: Pick<Part, 'entrypoint' | 'command'> = { entrypoint: null, command: null }
