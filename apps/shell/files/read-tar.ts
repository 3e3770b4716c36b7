/** Reads a file or a folder of a container as a tar. */
import type { Readable } from 'node:stream'
import type { ShellContext } from '../context.ts'
import type { Session } from '../sessions/open-sessions.ts'
import type { Target } from '../target.ts'
import { failureOf, MISSING } from './failed.ts'
import { exitCodeOf, runInside } from './inside.ts'
import { textOf } from './text-of.ts'

/**
 * $1: the path. Names begin with the last part of it, as in the engine's own archives; a path that is a link is followed.
 * All of the root is all but what the kernel makes up.
 */
const SCRIPT = `
[ -e "$1" ] || exit ${MISSING}
real=$(readlink -f "$1"; echo .)
real=\${real%??}
[ -r "$real" ] || { echo "the application's user may not read $real" >&2; exit 1; }
if [ "$real" != / ]; then
  cd "\${real%/*}/" || exit 1
  exec tar c -f - -- "\${real##*/}"
fi
set --
for name in * .[!.]* ..?*; do
  case $name in proc|sys|dev) continue;; esac
  if [ -e "$name" ] || [ -L "$name" ]; then set -- "$@" "$name"; fi
done
exec tar c -f - -- "$@"
`

export interface Reading {
  /** From its first byte on: it has begun. */
  output: Readable
  /** Once the output has been read to its end. @throws NoEntry where it is not all of it */
  whole: () => Promise<void>
}

/** @param path absolute @throws NoEntry where there is nothing to read, EngineError */
export async function readTar(
  { helpers }: Pick<ShellContext, 'helpers'>,
  session: Session,
  target: Target,
  path: string,
): Promise<Reading> {
  const running = await runInside(helpers, target, session, SCRIPT, [path])
  const { input, output, errors } = running
  input.end()
  const said = textOf(errors!)
  const whole = async () => {
    const code = await exitCodeOf(running)
    if (code !== 0) throw failureOf(code, path, said())
  }
  await new Promise<void>((resolve) => {
    for (const event of ['readable', 'end', 'close']) output.once(event, () => resolve())
  })
  if (output.readableLength === 0) {
    output.resume()
    await whole()
  }
  return { output, whole }
}
