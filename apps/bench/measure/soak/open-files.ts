/** What a process has open, by /proc. */
import fs from 'node:fs'

/** @returns what each open file is: `socket to 127.0.0.1:5000`, `/data/lotan.sqlite`, `anon_inode:[eventpoll]` */
export function openFilesOf(pid: number): string[] {
  const sockets = socketsByInode(pid)
  return fs.readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    try {
      const target = fs.readlinkSync(`/proc/${pid}/fd/${name}`)
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1]
      return inode ? `socket ${sockets.get(inode) ?? 'of another kind'}` : target.replace(/^pipe:.*/, 'pipe')
    } catch {
      // Closed since, as is what read the directory.
      return []
    }
  })
}

/** Those of `now` that `before` has not, each with how many more there are. */
export function added(before: readonly string[], now: readonly string[]): string[] {
  const count = (all: readonly string[], one: string) => all.filter((other) => other === one).length
  return [...new Set(now)]
    .map((one) => ({ one, more: count(now, one) - count(before, one) }))
    .filter(({ more }) => more > 0)
    .map(({ one, more }) => `${more} × ${one}`)
}

function socketsByInode(pid: number): Map<string, string> {
  const lines = (name: string) => fs.readFileSync(`/proc/${pid}/net/${name}`, 'utf8').trim().split('\n').slice(1)
  const found = new Map<string, string>()
  for (const name of ['tcp', 'tcp6'])
    for (const line of lines(name)) {
      const [, local = '', remote = '', state, , , , , , inode = ''] = line.trim().split(/\s+/)
      found.set(inode, state === '0A' ? `listening on ${addressOf(local)}` : `${nameOf(local)} to ${addressOf(remote)}`)
    }
  for (const line of lines('unix')) {
    const [, , , , , , inode = '', path = 'without a name'] = line.trim().split(/\s+/)
    found.set(inode, path)
  }
  return found
}

/** Ports that the kernel chose tell nothing. */
function nameOf(address: string): string {
  const port = parseInt(address.split(':')[1]!, 16)
  return port < 32_768 ? addressOf(address) : 'from here'
}

function addressOf(address: string): string {
  const [host = '', port = ''] = address.split(':')
  const bytes = host.length === 8 ? [...Buffer.from(host, 'hex')].reverse().join('.') : '[…]'
  const number = parseInt(port, 16)
  return `${bytes}:${number < 32_768 ? number : '…'}`
}
