/** Where the admin has what it shows of a preview, and does with it. */
import type { Request, Response } from 'express'
import { splitId } from '../../shared/preview/preview-id.ts'
import { isTag } from '../../shared/tag.ts'
import type { Route } from '../access/route.ts'
import { previewIn, tagOf } from '../api/conventions/input.ts'
import { sendNoTag } from './respond.ts'

/** Of the nameless repository, and of a named one. */
export const previewPaths = ['/previews/:tag', '/repositories/:repository/previews/:tag']

/** A slash that is escaped in an address makes no other preview of it. */
export function ofPreview(handle: Route['handle']): Route['handle'] {
  return (req: Request, res: Response) =>
    isTag(tagOf(req)) && isTag(splitId(previewIn(req)).tag) ? handle(req, res) : sendNoTag(res)
}
