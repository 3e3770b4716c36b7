/** They talk to the API, wherever it is. In the order of the help. */
import type { Definition } from './command.ts'
import { add } from './commands/add.ts'
import { changes } from './commands/changes.ts'
import { clone } from './commands/clone.ts'
import { completion } from './commands/completion.ts'
import { cp } from './commands/cp.ts'
import { exec } from './commands/exec.ts'
import { explain } from './commands/explain.ts'
import { forward } from './commands/forward.ts'
import { keep } from './commands/keep.ts'
import { list } from './commands/list.ts'
import { logs } from './commands/logs.ts'
import { open } from './commands/open.ts'
import { approve } from './commands/approve.ts'
import { pin } from './commands/pin.ts'
import { refresh } from './commands/refresh.ts'
import { repositories } from './commands/repositories.ts'
import { reset } from './commands/reset.ts'
import { restart } from './commands/restart.ts'
import { rm } from './commands/rm.ts'
import { run } from './commands/run.ts'
import { secrets } from './commands/secrets.ts'
import { share } from './commands/share.ts'
import { shell } from './commands/shell.ts'
import { snapshot, snapshots } from './commands/snapshot.ts'
import { start } from './commands/start.ts'
import { stop } from './commands/stop.ts'
import { stack } from './commands/stack.ts'
import { tags } from './commands/tags.ts'
import { token } from './commands/token.ts'
import { unpin } from './commands/unpin.ts'
import { volume, volumes } from './commands/volume.ts'
import { wait } from './commands/wait.ts'

export const clientCommands: readonly Definition[] = [
  list,
  tags,
  repositories,
  changes,
  add,
  start,
  stop,
  restart,
  refresh,
  rm,
  wait,
  logs,
  open,
  shell,
  exec,
  run,
  forward,
  cp,
  explain,
  pin,
  unpin,
  clone,
  keep,
  approve,
  snapshot,
  snapshots,
  reset,
  volumes,
  volume,
  secrets,
  share,
  token,
  stack,
  completion,
]
