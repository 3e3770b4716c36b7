/** The pages that a problem's `type` leads to. Open: visitors of previews are sent problems too. */
import type { Request, Response } from 'express'
import { PROBLEM_PAGES } from '../../shared/api/problem.ts'
import { isProblemName } from '../../shared/api/problems.ts'
import type { Route } from '../access/route.ts'
import { brandIn } from '../pages/brand.ts'
import { problemPage, problemsPage } from '../pages/visitor-pages.ts'
import { sendError, sendPage } from './respond.ts'

export const problemRoutes: Route[] = [
  { method: 'GET', path: PROBLEM_PAGES, needs: 'public', handle: showAll },
  { method: 'GET', path: `${PROBLEM_PAGES}/:name`, needs: 'public', handle: showOne },
]

function showAll(_req: Request, res: Response) {
  return sendPage(res, 200, problemsPage(brandIn(res)))
}

function showOne(req: Request, res: Response) {
  const name = req.params.name as string
  if (isProblemName(name)) return sendPage(res, 200, problemPage(name, brandIn(res)))
  return sendError(req, res, 'nothing-here', 'Lotan sends no problem of this name.')
}
