/** Which shell an image has; and one beside it where it has none. */
import { split } from 'shlex'
import type { Command, Engine, RunningCommand } from '../../shared/engine/engine.ts'
import { BUSYBOX, type Beside, type Helpers } from '../helper/helpers.ts'
import { readAll } from '../streams.ts'

const SHELLS = [
  '/bin/bash',
  '/usr/bin/bash',
  '/usr/local/bin/bash',
  '/bin/sh',
  '/usr/bin/sh',
  '/bin/ash',
  '/busybox/sh',
]

/** Its image's label: words, quoted as for a shell. */
export const SHELL_LABEL = 'lotan.shell'

/** As Go writes a mode. */
const DIRECTORY = 2 ** 31
const LINK = 2 ** 27

/** @returns null where there is none @throws EngineError */
export async function shellOf(
  engine: Pick<Engine, 'statFile'>,
  container: string,
  labels: Record<string, string>,
): Promise<string[] | null> {
  const named = wordsOf(labels[SHELL_LABEL] ?? '')
  if (named.length > 0) return named
  for (const shell of SHELLS) if (await isProgram(engine, container, shell)) return [shell]
  return null
}

/** None where a quote does not end. */
export function wordsOf(text: string): string[] {
  try {
    return split(text)
  } catch {
    return []
  }
}

/** A link may lead to nothing. Links on the way to it are the engine's to follow. */
async function isProgram(engine: Pick<Engine, 'statFile'>, container: string, path: string): Promise<boolean> {
  const found = await engine.statFile(container, path)
  // The engine says where all links together lead.
  const at = found && (found.mode & LINK) !== 0 ? await engine.statFile(container, found.linkTarget) : found
  return at !== undefined && at.mode < DIRECTORY && (at.mode & LINK) === 0 && (at.mode & 0o111) !== 0
}

/** It sees the image's processes, files and network. $1: a line to run, or nothing. */
const BESIDE = `
cd /proc/1/root 2>/dev/null
if [ -n "$1" ]; then eval "$1"; exit; fi
echo 'This image has no shell: this is one beside it. Its files are below /proc/1/root.' >&2
# Its folder has no name that the shell could find: without this each prompt complains.
export PS1='\\$ '
exec ${BUSYBOX} sh -i
`

/** @param line null for a shell that a person talks to @throws EngineError */
export async function startBeside(
  helpers: Pick<Helpers, 'run'>,
  target: Beside,
  line: string | null,
  command: Pick<Command, 'env' | 'terminal'>,
): Promise<RunningCommand> {
  const user = await ownerOf(helpers, target)
  return helpers.run(target, { command: [BUSYBOX, 'sh', '-c', BESIDE, 'sh', ...(line === null ? [] : [line])], user, ...command }) // prettier-ignore
}

/** It may do what the application may: a user's program is another one's to look at only for root. */
async function ownerOf(helpers: Pick<Helpers, 'run'>, target: Beside): Promise<string> {
  const ids = `while read -r name id rest; do case $name in Uid:) u=$id;; Gid:) echo $u:$id;; esac; done < /proc/1/status`
  const { input, output, errors } = await helpers.run(target, { command: [BUSYBOX, 'sh', '-c', ids], terminal: null })
  input.end()
  errors?.resume()
  return (await readAll(output)).toString('utf8').trim()
}
