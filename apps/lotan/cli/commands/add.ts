import { repositoryPath } from '../../../shared/api/paths.ts'
import { splitId, type PreviewId } from '../../../shared/preview/preview-id.ts'
import { call, type Called } from '../call.ts'
import { changeAll } from '../change/change.ts'
import { startOptions } from '../change/start-options.ts'
import type { Definition } from '../command.ts'
import type { Context } from '../context.ts'

export const add: Definition = {
  name: 'add',
  summary: 'Adds tags, and starts them.',
  example: 'lotan add pr-3001 --no-wait',
  define: (command) => startOptions(command, (tags, options) => changeAll(tags, addOne, { ...options, starts: true })),
}

function addOne({ api }: Pick<Context, 'api'>, id: PreviewId): Promise<Called> {
  const { repository, tag } = splitId(id)
  return call(api, `${repositoryPath(repository)}/previews`, { method: 'POST', body: { tag } })
}
