/** The login page needs these files too; CI jobs bring the command line before they have a token to show. */
import type { Request, Response } from 'express'
import { readClient } from '../../shared/client-file.ts'
import { readTerminal } from '../../shared/terminal-files.ts'
import type { RouterContext } from '../context.ts'
import type { Route } from '../access/route.ts'
import { listScript, loginScript, previewScripts, script, stylesheet } from '../pages/views.ts'
import { sendError } from './respond.ts'

export function fileRoutes({ brand: { logo } }: Pick<RouterContext, 'brand'>): Route[] {
  return [...files, { method: 'GET', path: '/logo', needs: 'public', handle: sendLogo }]

  /** Opened by itself, an SVG is a document: it may run nothing. */
  function sendLogo(req: Request, res: Response) {
    if (!logo) return sendError(req, res, 'nothing-here', 'There is no picture here.')
    const policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return res.set({ 'Cache-Control': 'no-cache', 'Content-Security-Policy': policy }).type(logo.type).send(logo.body)
  }
}

const files: Route[] = [
  { method: 'GET', path: '/lotan.css', needs: 'public', handle: file('text/css', stylesheet) },
  { method: 'GET', path: '/lotan.mjs', needs: 'public', handle: sendClient },
  { method: 'GET', path: '/lotan.mjs.sha256', needs: 'public', handle: sendChecksum },
  { method: 'GET', path: '/terminal.js', needs: 'public', handle: built('text/javascript', 'script') },
  { method: 'GET', path: '/terminal.css', needs: 'public', handle: built('text/css', 'styles') },
  { method: 'GET', path: '/list.js', needs: 'public', handle: file('text/javascript', listScript) },
  { method: 'GET', path: '/login.js', needs: 'public', handle: file('text/javascript', loginScript) },
  { method: 'GET', path: '/lotan.js', needs: 'public', handle: file('text/javascript', script) },
  ...previewScripts.map(({ name, body }): Route => ({
    method: 'GET',
    path: `/${name}`,
    needs: 'public',
    handle: file('text/javascript', body),
  })),
]

function file(type: string, body: string) {
  return (_req: Request, res: Response) => res.set('Cache-Control', 'no-cache').type(type).send(body)
}

function built(type: string, which: Parameters<typeof readTerminal>[0]) {
  return (_req: Request, res: Response) => {
    const body = readTerminal(which)
    if (!body) return res.status(404).type('text/plain').send('The terminal is not built here: npm start builds it.\n')
    return res.set('Cache-Control', 'no-cache').type(type).send(body)
  }
}

/** Read anew each time: set-up may have built another one. */
function sendClient(_req: Request, res: Response) {
  const client = readClient()
  if (!client) return sendNotBuilt(res)
  return res.set('Cache-Control', 'no-cache').type('text/javascript').send(client.text)
}

/** As `sha256sum -c` takes it. */
function sendChecksum(_req: Request, res: Response) {
  const client = readClient()
  return client ? res.type('text/plain').send(`${client.sha256}  lotan.mjs\n`) : sendNotBuilt(res)
}

function sendNotBuilt(res: Response) {
  return res.status(404).type('text/plain').send('lotan.mjs is not built here: npm start builds it.\n')
}
