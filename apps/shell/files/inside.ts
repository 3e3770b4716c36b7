/**
 * Programs that read and write a container's files: the helper's own, so that it does not matter what its image has, with
 * the container's root as theirs and as the application's own user. So they see what it sees, volumes and memory file
 * systems too, and a link leads to where it leads inside.
 */
import type { RunningCommand } from '../../shared/engine/engine.ts'
import { MARK } from '../helper/end-processes.ts'
import { BUSYBOX, type Helpers } from '../helper/helpers.ts'
import type { Session } from '../sessions/open-sessions.ts'
import type { Target } from '../target.ts'

/**
 * The application's user is that of its first process: the image may name it by a name that only its own files explain,
 * or change it when it starts. $1: the script; all others are its own.
 */
const ENTER = `
while read -r key real effective rest; do
  case $key in Uid:) uid=$effective;; Gid:) gid=$effective;; esac
done < /proc/1/status
script="cd / || exit 1
$1"
shift
exec ${BUSYBOX} nsenter -t 1 -r -S "$uid" -G "$gid" -F sh -c "$script" sh "$@"
`

/**
 * The working directory is the container's root. Its programs are busybox's. With the session its connection ends: while
 * what a command prints is not read, the engine tells of the end of no other command in the same container.
 * @throws EngineError
 */
export async function runInside(
  helpers: Pick<Helpers, 'run'>,
  target: Target,
  { id, signal }: Pick<Session, 'id' | 'signal'>,
  script: string,
  args: string[] = [],
): Promise<RunningCommand> {
  const command = [BUSYBOX, 'sh', '-c', ENTER, 'sh', script, ...args]
  const running = await helpers.run(target, { command, env: [`${MARK}=${id}`], terminal: null, user: '0:0' })
  const cut = () => void running.input.destroy()
  if (signal.aborted) cut()
  signal.addEventListener('abort', cut, { once: true })
  return running
}

/** The engine knows of an end a moment after the output ends. Milliseconds. */
const KNOWN_WITHIN_MS = 2_000
const LOOK_MS = 10

/** To be asked once its output has ended. @returns null where the engine does not tell */
export async function exitCodeOf({ exitCode }: Pick<RunningCommand, 'exitCode'>): Promise<number | null> {
  for (const until = Date.now() + KNOWN_WITHIN_MS; Date.now() < until;) {
    const code = await exitCode().catch(() => undefined)
    if (code === undefined) return null
    if (code !== null) return code
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  return null
}
