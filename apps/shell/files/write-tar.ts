/** Unpacks a tar in a folder of a container. */
import { pipeline } from 'node:stream/promises'
import type { Readable } from 'node:stream'
import type { ShellContext } from '../context.ts'
import { NoEntry } from '../no-entry.ts'
import type { Session } from '../sessions/open-sessions.ts'
import { readAll } from '../streams.ts'
import type { Target } from '../target.ts'
import { failureOf, MISSING, NO_FOLDER } from './failed.ts'
import { exitCodeOf, runInside } from './inside.ts'
import { textOf } from './text-of.ts'

const LOOK = `
[ -e "$1" ] || [ -L "$1" ] || exit ${MISSING}
[ -d "$1" ] || exit ${NO_FOLDER}
[ -w "$1" ] || { echo "the application's user may not write to $1" >&2; exit 1; }
`

/** Its files become the application's user's, who runs it, and have the modes that the tar has. */
const UNPACK = `
cd "$1" || exit ${MISSING}
umask 0
exec tar x -o -f -
`

/** @param path absolute */
export interface Place {
  session: Session
  target: Target
  path: string
}

/** @throws NoEntry where nothing can be unpacked there, EngineError */
export async function checkFolder({ helpers }: Pick<ShellContext, 'helpers'>, { session, target, path }: Place) {
  const running = await runInside(helpers, target, session, LOOK, [path])
  running.input.end()
  const said = textOf(running.errors!)
  await readAll(running.output)
  const code = await exitCodeOf(running)
  if (code !== 0) throw failureOf(code, path, said())
}

/** @param tar one that was looked at @throws NoEntry where it is not all unpacked, EngineError */
export async function writeTar(
  { helpers }: Pick<ShellContext, 'helpers'>,
  { session, target, path }: Place,
  tar: Readable,
) {
  const running = await runInside(helpers, target, session, UNPACK, [path])
  const said = textOf(running.errors!)
  const over = readAll(running.output)
  tar.on('data', () => session.touch())
  // A program that ends early closes its input: why, it says itself.
  await pipeline(tar, running.input, { signal: session.signal }).catch(() => {})
  await over
  const code = await exitCodeOf(running)
  if (code === 0 && !session.signal.aborted) return
  const { problem, message } = failureOf(code, path, said())
  throw new NoEntry(problem, `${message} Some of the files may be written.`)
}
