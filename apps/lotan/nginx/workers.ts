/**
 * The user that nginx's workers run as: one without rights, where Lotan is root's. They read what visitors and
 * applications send, and a fault in that must make no client root.
 */
import fs from 'node:fs/promises'

/** The ones that systems have for their web server; in this order. */
const USERS = ['www-data', 'nginx', 'http', 'nobody']

/**
 * Lets the workers, and no other user, enter these directories, whose sockets may be open to all users then. The
 * directories above may be closed to them: they work in one of these.
 *
 * @returns what nginx's directive `user` takes; undefined where Lotan is not root's, and they are its own user
 */
export async function letWorkersIn(dirs: string[]): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const workers = findUser(await fs.readFile('/etc/passwd', 'utf8'), await fs.readFile('/etc/group', 'utf8'))
  if (!workers) return 'root'
  try {
    for (const dir of dirs) await fs.chown(dir, 0, workers.gid)
  } catch (error) {
    // A container without CAP_CHOWN, as earlier Compose files have it.
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return 'root'
    throw error
  }
  for (const dir of dirs) await fs.chmod(dir, 0o710)
  return `${workers.user} ${workers.group}`
}

/** The first of them that this system has, and its group. */
export function findUser(passwd: string, groups: string): { user: string; group: string; gid: number } | undefined {
  const fields = (text: string) => text.split('\n').map((line) => line.split(':'))
  for (const name of USERS) {
    const [user, , , gid] = fields(passwd).find(([user]) => user === name) ?? []
    const [group] = fields(groups).find(([, , id]) => id === gid) ?? []
    if (user && group) return { user, group, gid: Number(gid) }
  }
  return undefined
}
