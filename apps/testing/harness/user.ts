/**
 * Somebody who is not root, but in the engine's group. Where the tests are run by root, a user whom nothing belongs to
 * is made up; anybody else is such a user already.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { engineAddress } from './docker.ts'

export interface User {
  uid: number
  /** This Node, where the user may run it. */
  node: string
  /** Becomes this user and runs a command, in the same process. The working directory has to be the project's. */
  run: (command: string[]) => string[]
  /** Gives a directory to this user, with all that is in it. */
  give: (dir: string) => void
}

/**
 * @param dir an empty directory that the user may enter. The project is seen there and nowhere else, by this user
 * alone: it may lie where only root may look
 */
export function somebody(dir: string): User {
  const own = process.getuid!()
  if (own !== 0) return { uid: own, node: process.execPath, run: (command) => command, give: () => {} }
  // Above what systems give out, and no other test has it at the same time.
  const uid = 1_000_000 + process.pid
  const project = path.join(dir, 'project')
  const node = path.join(dir, 'node')
  fs.mkdirSync(project)
  fs.writeFileSync(node, '')
  const { socketPath } = engineAddress()
  const groups = socketPath ? ['--groups', String(fs.statSync(socketPath).gid)] : ['--clear-groups']
  const become = ['setpriv', '--reuid', String(uid), '--regid', String(uid), ...groups, '--pdeathsig', 'TERM', '--']
  // The mounts are this process's own, and end with it.
  const see = `mount --bind . '${project}' && mount --bind '${process.execPath}' '${node}' && cd '${project}' && exec "$@"`
  const before = ['unshare', '--mount', '--propagation', 'private', '--', 'sh', '-c', see, 'sh', ...become]
  return {
    uid,
    node,
    run: (command) => [...before, ...command.map((word) => (word === process.execPath ? node : word))],
    give: (dir) => void execFileSync('chown', ['-R', `${uid}:${uid}`, dir]),
  }
}
