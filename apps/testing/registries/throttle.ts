/** A way to a port that can be made narrow: a pull through it stands still in the middle for as long as a test wants. */
import net from 'node:net'

/** @param target the port on 127.0.0.1 that everything is passed on to */
export async function openGate(target: number) {
  let allowance = Infinity
  const waiting = new Set<() => void>()
  const sockets = new Set<net.Socket>()

  // The engine and the registry close their side after each answer: what was said before that still has to pass.
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
        // Small pieces, so that what is let through is what was allowed.
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

    /** Lets so many more bytes through, in all connections together, and then nothing. */
    narrow(bytes: number) {
      allowance = bytes
    },

    /** Whether somebody stands before it, and may not pass. */
    isShut: () => waiting.size > 0,

    /** The same, for those who wait already. */
    trickle(bytes: number) {
      this.widen()
      this.narrow(bytes)
    },

    /** Lets everything through. */
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
