import net from 'node:net'
import os from 'node:os'

/** A port that was free a moment ago. The kernel picks at random, so two tests hardly ever get the same. */
export async function freePort(): Promise<number> {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** An IPv4 address of this machine that is not loopback's. */
export function addressBesideLoopback(): string {
  const addresses = Object.values(os.networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const found = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)
  if (!found) throw new Error('this machine has no address but those of loopback')
  return found.address
}
