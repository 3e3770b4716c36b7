/** A user who is not root but in the engine's group: made up where tests run as root, else the one they run as. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { engineAddress } from './docker.ts'

export interface User {
  uid: number
  /** This Node, where the user may run it. */
  node: string
  /** Runs a command as this user, in the same process. The working directory must be the project's. */
  run: (command: string[]) => string[]
  give: (dir: string) => void
}

/**
 * @param dir an empty directory that the user may enter, where only this user sees the project (which only root may
 * see)
 */
export function somebody(dir: string): User {
  const own = process.getuid!()
  if (own !== 0) return { uid: own, node: process.execPath, run: (command) => command, give: () => {} }
  // Above the ids that systems assign, and unique among tests.
  const uid = 1_000_000 + process.pid
  const project = path.join(dir, 'project')
  const node = path.join(dir, 'node')
  fs.mkdirSync(project)
  fs.writeFileSync(node, '')
  const { socketPath } = engineAddress()
  const groups = socketPath ? ['--groups', String(fs.statSync(socketPath).gid)] : ['--clear-groups']
  const become = ['setpriv', '--reuid', String(uid), '--regid', String(uid), ...groups, '--pdeathsig', 'TERM', '--']
  // The mounts belong to this process and end with it.
  const see = `mount --bind . '${project}' && mount --bind '${process.execPath}' '${node}' && cd '${project}' && exec "$@"`
  const before = ['unshare', '--mount', '--propagation', 'private', '--', 'sh', '-c', see, 'sh', ...become]
  return {
    uid,
    node,
    run: (command) => [...before, ...command.map((word) => (word === process.execPath ? node : word))],
    give: (dir) => void execFileSync('chown', ['-R', `${uid}:${uid}`, dir]),
  }
}
