/** nginx's workers read what visitors and applications send: a fault in that must make no client root. */
import fs from 'node:fs/promises'

/** What systems name their web server's user. The first that exists. */
const USERS = ['www-data', 'nginx', 'http', 'nobody']

/**
 * Lets the workers enter these directories, and no other user: their sockets may then be open to all. The directories
 * above may stay closed: workers are started in one of these.
 * @returns what nginx's directive `user` takes; undefined where Lotan is not root's, and workers are its own user
 */
export async function letWorkersIn(dirs: string[]): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const workers = findUser(await fs.readFile('/etc/passwd', 'utf8'), await fs.readFile('/etc/group', 'utf8'))
  if (!workers) return 'root'
  try {
    for (const dir of dirs) await fs.chown(dir, 0, workers.gid)
  } catch (error) {
    // A container without CAP_CHOWN, as in earlier Compose files.
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return 'root'
    throw error
  }
  for (const dir of dirs) await fs.chmod(dir, 0o710)
  return `${workers.user} ${workers.group}`
}

export function findUser(passwd: string, groups: string): { user: string; group: string; gid: number } | undefined {
  const fields = (text: string) => text.split('\n').map((line) => line.split(':'))
  for (const name of USERS) {
    const [user, , , gid] = fields(passwd).find(([user]) => user === name) ?? []
    const [group] = fields(groups).find(([, , id]) => id === gid) ?? []
    if (user && group) return { user, group, gid: Number(gid) }
  }
  return undefined
}
