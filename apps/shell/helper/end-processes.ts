/**
 * Ends what a session has left in a container. The engine has no call for it, and its numbers of processes are the
 * machine's, not the container's. So the session's processes are found by a mark in their environment, which their
 * children inherit, and by their kernel session, which they keep when they change their user.
 */
import { EngineError } from '../../shared/engine/engine.ts'
import { readAll } from '../streams.ts'
import { BUSYBOX, type Beside, type Helpers } from './helpers.ts'

/** The variable that marks a session's processes. */
export const MARK = 'LOTAN_SESSION'

/** $1: the mark. $2: a signal, or nothing: then they are ended, kindly first. Prints how many are left. */
const SCRIPT = `
b=${BUSYBOX}
sid() { read -r line < /proc/$1/stat && line=\${line##*) } && set -- $line && echo $4; } 2>/dev/null
found() {
  marked=$($b strings -f /proc/[0-9]*/environ 2>/dev/null | $b sed -n "s#^/proc/\\([0-9]*\\)/environ: $1\\$#\\1#p")
  sids=" $(for p in $marked; do sid $p; done | $b sort -u | $b tr '\\n' ' ')"
  for d in /proc/[0-9]*; do
    p=\${d#/proc/}
    [ $p = $$ ] && continue
    s=$(sid $p) || continue
    case "$sids" in *" $s "*) echo $p; continue;; esac
    for m in $marked; do [ $m = $p ] && echo $p; done
  done
}
send() { for p in $(found "$2"); do kill -$1 $p 2>/dev/null; done; }
if [ -n "$2" ]; then send "$2" "$1"; exit; fi
send HUP "$1"; send TERM "$1"; send CONT "$1"
for i in 1 2 3 4 5 6 7 8 9 10; do [ -z "$(found "$1")" ] && break; $b usleep 100000; done
for i in 1 2 3; do send KILL "$1"; [ -z "$(found "$1")" ] && break; $b usleep 100000; done
found "$1" | $b wc -l
`

/** @returns how many are left: none, unless another program makes them faster than they end @throws EngineError */
export async function endProcesses(helpers: Pick<Helpers, 'run'>, target: Beside, session: string): Promise<number> {
  const said = await inHelper(helpers, target, [`${MARK}=${session}`])
  // Its helper was removed, or the engine has gone.
  if (!/^\d+$/.test(said)) throw new EngineError('start-failed', `ending what a session has left was cut off: ${said}`)
  return Number(said)
}

/** Those of all sessions, where none is open. */
export const EVERY_SESSION = '[0-9a-f.]*'

/** @param signal its name without SIG @throws EngineError */
export async function signalProcesses(
  helpers: Pick<Helpers, 'run'>,
  target: Beside,
  session: string,
  signal: string,
): Promise<void> {
  if (/^[A-Z0-9]{1,10}$/.test(signal)) await inHelper(helpers, target, [`${MARK}=${session}`, signal])
}

async function inHelper(helpers: Pick<Helpers, 'run'>, target: Beside, args: string[]): Promise<string> {
  const command = [BUSYBOX, 'sh', '-c', SCRIPT, 'end', ...args]
  const { input, output, errors } = await helpers.run(target, { command, terminal: null, user: '0:0' })
  input.end()
  errors?.resume()
  return (await readAll(output)).toString('utf8').trim()
}
