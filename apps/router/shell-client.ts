/** Hands a request on to the shell part, which looks inside previews, and its answer back. */
import type { ClientRequest, IncomingMessage } from 'node:http'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Request, Response } from 'express'
import type { Actor } from '../shared/actor.ts'
import type { Config } from '../shared/config/config.ts'
import { http } from '../shared/http.ts'

/** The shell part believes the router who it is: its socket is reached by no one else for this. */
function headersOf(req: Request, { who, address, request }: Actor): Record<string, string> {
  const length = req.headers['content-length']
  return {
    'Lotan-Who': encodeURIComponent(who),
    ...(address !== null && { 'Lotan-Address': encodeURIComponent(address) }),
    ...(request && { 'Lotan-Request': encodeURIComponent(request) }),
    ...(length !== undefined && { 'Content-Length': length }),
  }
}

/**
 * Both bodies go on as they come, as fast as who reads them reads. A side that breaks off breaks the other one off.
 * @param uri with its query
 * @returns false where the shell part does not answer: then nothing has been answered yet
 */
export async function passToShell(
  req: Request,
  res: Response,
  { config, uri, actor }: { config: Pick<Config, 'runDir'>; uri: string; actor: Actor },
): Promise<boolean> {
  const isHead = req.method === 'HEAD'
  const asked = http.request({
    socketPath: path.join(config.runDir, 'shell.sock'),
    path: uri,
    method: isHead ? 'GET' : req.method,
    headers: headersOf(req, actor),
    agent: false,
  })
  res.once('close', () => asked.destroy())
  req.pipe(asked)
  const answer = await answerOf(asked)
  if (res.destroyed) return true
  if (!answer) return false
  // It may answer before it has read all: what still comes is read and left, so that nginx goes on to read the answer.
  if (!req.complete) {
    req.unpipe(asked)
    req.resume()
  }
  res.status(answer.statusCode!)
  for (const name of ['content-type', 'content-length', 'cache-control'])
    if (answer.headers[name] !== undefined) res.setHeader(name, answer.headers[name])
  if (isHead) res.end()
  else await pipeline(answer, res).catch(() => {})
  asked.destroy()
  return true
}

function answerOf(asked: ClientRequest): Promise<IncomingMessage | undefined> {
  return new Promise((resolve) => {
    asked.once('response', resolve)
    asked.on('error', () => resolve(undefined))
    asked.once('close', () => resolve(undefined))
  })
}
