/**
 * Processes in helpers that dial. Making one takes the engine a tenth of a second, so one stands ready for the next
 * connection to the same preview: a browser opens many.
 */
import { Socket } from 'node:net'
import type { RunningCommand } from '../../shared/engine/engine.ts'
import { MARK } from '../helper/end-processes.ts'
import { BUSYBOX, type Beside, type Helpers } from '../helper/helpers.ts'

export const CONNECT_SECONDS = 10
const READY_MS = 30_000

/** $1: seconds to connect. Its input begins with one line: host, port, mark. It says `open` among its errors. */
const SCRIPT = `
b=${BUSYBOX}
read -r host port mark || exit
export ${MARK}=$mark
me=$$
{
  while sockets=$($b ls -l /proc/$me/fd 2>/dev/null | $b sed -n 's/.*socket:.\\([0-9]*\\).*/\\1/p'); [ -d /proc/$me/fd ]; do
    for s in $sockets; do
      $b awk -v s=$s '$10 == s && $4 != "02" { found = 1 } END { exit !found }' /proc/net/tcp /proc/net/tcp6 2>/dev/null && echo open >&2 && exit
    done
    $b usleep 2000
  done
} > /dev/null < /dev/null &
exec $b nc -w $1 "$host" "$port"
`

const ready = new WeakMap<Pick<Helpers, 'run'>, Map<string, RunningCommand>>()

/** @returns `isNew`: it did not wait, and so cannot have ended with its helper meanwhile @throws EngineError */
export async function takeDialer(
  helpers: Pick<Helpers, 'run'>,
  target: Beside,
): Promise<{ running: RunningCommand; isNew: boolean }> {
  const all = ready.get(helpers) ?? new Map<string, RunningCommand>()
  ready.set(helpers, all)
  const waiting = all.get(target.container)
  all.delete(target.container)
  if (waiting?.input instanceof Socket) waiting.input.ref()
  const running = waiting ?? (await begin(helpers, target))
  void prepare(helpers, target, all).catch(() => {})
  return { running, isNew: waiting === undefined }
}

async function prepare(helpers: Pick<Helpers, 'run'>, target: Beside, all: Map<string, RunningCommand>): Promise<void> {
  const { container } = target
  const running = await begin(helpers, target)
  const { input } = running
  if (all.has(container)) return void input.destroy()
  all.set(container, running)
  // It keeps no process up.
  if (input instanceof Socket) input.unref()
  const leave = () => {
    if (all.get(container) !== running) return
    all.delete(container)
    // Without an input it ends.
    input.destroy()
  }
  for (const event of ['end', 'close']) input.once(event, leave)
  setTimeout(leave, READY_MS).unref()
}

function begin(helpers: Pick<Helpers, 'run'>, target: Beside): Promise<RunningCommand> {
  const command = [BUSYBOX, 'sh', '-c', SCRIPT, 'dial', String(CONNECT_SECONDS)]
  return helpers.run(target, { command, terminal: null, user: '0:0' })
}
