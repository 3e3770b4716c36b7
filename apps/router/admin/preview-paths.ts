/** Where the admin has what it shows of a preview, and does with it. */
import type { Request, Response } from 'express'
import type { Config } from '../../shared/config/config.ts'
import { splitId } from '../../shared/preview/preview-id.ts'
import { findRepository } from '../../shared/repository.ts'
import { isTag } from '../../shared/tag.ts'
import type { Route } from '../access/route.ts'
import { previewIn, tagOf } from '../api/conventions/input.ts'
import { sendNoRepository, sendNoTag } from './respond.ts'

/** Of the nameless repository, and of a named one. */
export const previewPaths = ['/previews/:tag', '/repositories/:repository/previews/:tag']

/** @param handle called where there can be such a preview. A slash that is escaped in an address makes no other one. */
export function ofPreview(config: Pick<Config, 'repositories'>, handle: Route['handle']): Route['handle'] {
  return (req: Request, res: Response) => {
    const id = previewIn(req)
    if (!isTag(tagOf(req)) || !isTag(splitId(id).tag)) return sendNoTag(res)
    return findRepository(id, config) ? handle(req, res) : sendNoRepository(res, config)
  }
}
