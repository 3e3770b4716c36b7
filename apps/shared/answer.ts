/** Answers who asks whether this process works: its loops turn, and its database can be read. */
import fs from 'node:fs'
import type { Server } from 'node:http'
import { http } from './http.ts'

/** @param works throws where it does not */
export async function answerAt(socket: string, works: () => unknown): Promise<Server> {
  const server = http.createServer((_req, res) => {
    try {
      works()
      res.writeHead(204).end()
    } catch {
      res.writeHead(503).end()
    }
  })
  fs.rmSync(socket, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socket, resolve)
  })
  return server
}
