/** `/files?preview=&path=&service=`, which the router alone asks: GET reads a tar of a file or folder, PUT unpacks one. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Actor } from '../../shared/actor.ts'
import type { ProblemName } from '../../shared/api/problems.ts'
import { problemOf } from '../../shared/api/problem.ts'
import { EngineError } from '../../shared/engine/engine.ts'
import { logFields } from '../../shared/preview/preview-id.ts'
import type { ShellContext } from '../context.ts'
import { enter } from '../enter.ts'
import { endProcesses } from '../helper/end-processes.ts'
import { NoEntry } from '../no-entry.ts'
import type { Asked, Session } from '../sessions/open-sessions.ts'
import type { Target } from '../target.ts'
import { readTar } from './read-tar.ts'
import { spool } from './spool.ts'
import { checkFolder, writeTar } from './write-tar.ts'

/** Who asks, as the router knows it. */
export const WHO = 'lotan-who'
export const ADDRESS = 'lotan-address'
export const REQUEST = 'lotan-request'

/** Answers always; never rejects. The socket's server must give an upload as long as it takes (`requestTimeout: 0`). */
export async function serveFiles(req: IncomingMessage, res: ServerResponse, context: ShellContext): Promise<void> {
  const { searchParams: query } = new URL(req.url!, 'http://shell')
  const preview = query.get('preview')!
  const path = query.get('path')!
  const service = query.get('service')
  const program = req.method === 'PUT' ? 'write' : 'read'
  const asked = { preview, service, kind: 'files', program, via: 'api', actor: actorOf(req) } as const
  try {
    await (req.method === 'PUT' ? receive : send)({ req, res, context, asked, path })
  } catch (error) {
    answerProblem(error)
  }

  function answerProblem(error: unknown) {
    const { config, log } = context
    if (res.headersSent) return void res.destroy()
    if (!(error instanceof NoEntry) && !(error instanceof EngineError))
      log.error({ ...logFields(preview), err: error }, 'files could not be read or written')
    const [name, sentence] = reasonOf(error)
    const body = problemOf(config, name, sentence, logFields(preview))
    // It is answered before the rest of an upload has come, which is read and left: else the answer would not be read.
    req.resume()
    res.writeHead(body.status, { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' }) // prettier-ignore
    res.end(JSON.stringify(body))
  }
}

interface Call {
  req: IncomingMessage
  res: ServerResponse
  context: ShellContext
  asked: Asked
  path: string
}

async function send({ res, context, asked, path }: Call): Promise<void> {
  const left = new AbortController()
  res.once('close', () => left.abort())
  await within(context, asked, left.signal, async (session, target) => {
    const { output, whole } = await readTar(context, session, target, path)
    res.writeHead(200, { 'Content-Type': 'application/x-tar', 'Cache-Control': 'no-store' })
    output.on('data', () => session.touch())
    // Its end is the client's sign that it has all: what could not be read whole is cut.
    await pipeline(output, res, { signal: session.signal, end: false })
    await whole()
    res.end()
  })
}

async function receive({ req, res, context, asked, path }: Call): Promise<void> {
  const left = new AbortController()
  let isTaken = false
  // What is here whole is unpacked whole, whether its client waits or not.
  res.once('close', () => isTaken || left.abort())
  await within(context, asked, left.signal, async (session, target) => {
    const place = { session, target, path }
    await checkFolder(context, place)
    const upload = await spool(req, context.config.dataDir, { seen: session.touch })
    isTaken = true
    try {
      await writeTar(context, place, upload.read())
    } finally {
      await upload.close()
    }
  })
  res.writeHead(204, { 'Cache-Control': 'no-store' }).end()
}

/** A session for as long as it takes. Of one that is ended before, nothing goes on in the container. */
async function within<T>(
  context: ShellContext,
  asked: Asked,
  left: AbortSignal,
  act: (session: Session, target: Target) => Promise<T>,
): Promise<T> {
  return enter(
    context,
    asked,
    () => {},
    left,
    async (session, target) => {
      session.inside(target.container)
      const end = () => void endProcesses(context.helpers, target, session.id).catch(() => {})
      session.signal.addEventListener('abort', end, { once: true })
      const done = await act(session, target)
      session.signal.removeEventListener('abort', end)
      session.end({ why: 'closed' })
      return done
    },
  )
}

function reasonOf(error: unknown): [ProblemName, string] {
  if (error instanceof NoEntry) return [error.problem, error.message]
  return ['session-failed', 'The files could not be read or written. The log of Lotan says why.']
}

function actorOf({ headers }: IncomingMessage): Actor {
  const told = (name: string) => {
    const value = headers[name]
    return typeof value === 'string' ? decodeURIComponent(value) : null
  }
  return { who: told(WHO) ?? 'visitor', address: told(ADDRESS), request: told(REQUEST) }
}
