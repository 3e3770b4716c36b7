/** The login page needs these files too. */
import type { Request, Response } from 'express'
import type { Route } from '../access/route.ts'
import { script, stylesheet } from '../pages/render.ts'

export const fileRoutes: Route[] = [
  { method: 'GET', path: '/lotan.css', needs: 'public', handle: file('text/css', stylesheet) },
  { method: 'GET', path: '/lotan.js', needs: 'public', handle: file('text/javascript', script) },
]

function file(type: string, body: string) {
  return (_req: Request, res: Response) => res.set('Cache-Control', 'no-cache').type(type).send(body)
}
