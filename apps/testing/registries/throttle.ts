/** A proxy that can stop in the middle of a pull, for as long as a test wants. */
import net from 'node:net'

/** @param target a port of 127.0.0.1 */
export async function openGate(target: number) {
  let allowance = Infinity
  const waiting = new Set<() => void>()
  const sockets = new Set<net.Socket>()

  // Engine and registry half-close after each answer; what was sent before must still pass.
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    const behind = net.connect({ port: target, host: '127.0.0.1', allowHalfOpen: true })
    for (const socket of [client, behind]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      socket.on('error', () => {
        client.destroy()
        behind.destroy()
      })
    }
    client.pipe(behind)
    void pass(behind, client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  async function pass(from: net.Socket, to: net.Socket): Promise<unknown> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        // Small pieces, so that no more passes than allowed.
        for (let at = 0; at < chunk.length; at += 4096) {
          while (allowance <= 0) await new Promise<void>((resolve) => waiting.add(resolve))
          const piece = chunk.subarray(at, at + 4096)
          if (to.destroyed) return from.destroy()
          allowance -= piece.length
          if (!to.write(piece)) await new Promise<void>((resolve) => to.once('drain', resolve).once('close', resolve))
        }
      }
      return to.end()
    } catch {
      return to.destroy()
    }
  }

  return {
    port: (server.address() as net.AddressInfo).port,

    /** Lets so many more bytes through, of all connections together. */
    narrow(bytes: number) {
      allowance = bytes
    },

    /** Whether a connection is waiting. */
    isShut: () => waiting.size > 0,

    /** As `narrow`, but for the connections that wait. */
    trickle(bytes: number) {
      this.widen()
      this.narrow(bytes)
    },

    widen() {
      allowance = Infinity
      for (const resume of waiting) resume()
      waiting.clear()
    },

    async close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      this.widen()
    },
  }
}

export type Gate = Awaited<ReturnType<typeof openGate>>
