/** Where the admin has what it shows of a preview, and does with it. */
import type { Request, Response } from 'express'
import { findRepository } from '../../shared/repository.ts'
import type { RouterContext } from '../context.ts'
import type { Route } from '../access/route.ts'
import { previewIn, resolveTag } from '../api/conventions/input.ts'
import { sendNoRepository, sendNoTag } from './respond.ts'

/** Of the nameless repository, and of a named one. */
export const previewPaths = ['/previews/:tag', '/repositories/:repository/previews/:tag']

/** @param handle called where there can be such a preview. A slash that is escaped in an address makes no other one. */
export function ofPreview(
  { config, store }: Pick<RouterContext, 'config' | 'store'>,
  handle: Route['handle'],
): Route['handle'] {
  return (req: Request, res: Response) => {
    if (!resolveTag(req, store)) return sendNoTag(res)
    return findRepository(previewIn(req), config) ? handle(req, res) : sendNoRepository(res, config)
  }
}
