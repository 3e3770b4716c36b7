/** Checked before nginx starts, so that the message can say what to do. */
import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import type { Config, Place } from '../../shared/config/config.ts'

const run = promisify(execFile)

/** To nginx `[::]` is IPv6 alone; in LOTAN_LISTEN it is all addresses of the machine. */
export function listensOn({ host, port }: Place): Place[] {
  const hosts = host === '[::]' ? ['0.0.0.0', host] : [host]
  return hosts.map((host) => ({ host, port }))
}

/** @returns undefined when a program may listen there now (on `::`: IPv6 alone), else a code such as `EADDRINUSE` */
export async function refusalOf(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host, port, exclusive: true, ipv6Only: true }, () => server.close(() => resolve(undefined)))
  })
}

export async function whyNotListen({ listen, tls }: Pick<Config, 'listen' | 'tls'>): Promise<string | undefined> {
  return (
    (await whyNotListenAt('LOTAN_LISTEN', listen)) ?? (tls ? whyNotListenAt('LOTAN_TLS_LISTEN', tls.listen) : undefined)
  )
}

/** @param variable the setting that names the place */
export async function whyNotListenAt(variable: string, place: Place): Promise<string | undefined> {
  const { host, port } = place
  let code: string | undefined
  for (const at of listensOn(place)) code ??= await refusalOf(at.host.replace(/^\[|\]$/g, ''), port)
  const setting = `${variable} ${host}:${port}`
  switch (code) {
    case undefined:
      return undefined
    case 'EADDRINUSE':
      return `${setting} is taken by ${await listenerAt(port)}: stop that, or give Lotan another port`
    case 'EACCES':
      return `${setting} may not be used by this user: ports below 1024 need root, or the capability CAP_NET_BIND_SERVICE`
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
      return `${setting} is no address of this machine: 0.0.0.0:${port} listens on all that it has`
    default:
      return `${setting} cannot be used: ${code}`
  }
}

export async function listenerAt(port: number): Promise<string> {
  const { stdout } = await run('ss', ['-Hltnp', `sport = :${port}`]).catch(() => ({ stdout: '' }))
  const found = /users:\(\("([^"]+)",pid=(\d+)/.exec(stdout)
  return found ? `${found[1]} (pid ${found[2]})` : 'another program'
}
