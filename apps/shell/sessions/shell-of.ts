/** Which shell an image has. */
import type { Engine } from '../../shared/engine/engine.ts'

const SHELLS = [
  '/bin/bash',
  '/usr/bin/bash',
  '/usr/local/bin/bash',
  '/bin/sh',
  '/usr/bin/sh',
  '/bin/ash',
  '/busybox/sh',
]

/** Its image's label, which may have arguments. */
export const SHELL_LABEL = 'lotan.shell'

/** @returns null where there is none @throws EngineError */
export async function shellOf(
  engine: Pick<Engine, 'statFile'>,
  container: string,
  labels: Record<string, string>,
): Promise<string[] | null> {
  const named = labels[SHELL_LABEL]?.trim()
  if (named) return named.split(/\s+/)
  for (const shell of SHELLS) if (await engine.statFile(container, shell)) return [shell]
  return null
}
