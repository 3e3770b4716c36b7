import { previewPath } from '../../../shared/api/paths.ts'
import { call } from '../call.ts'
import { changeAll, type ChangeOptions } from '../change/change.ts'
import { ending, UsageError, type Definition } from '../command.ts'
import { timeOf } from '../span.ts'

export const pin: Definition = {
  name: 'pin',
  summary: 'Keeps previews, used or not: they are neither stopped nor removed.',
  example: 'lotan pin pr-3001 --until 2d',
  define: (command) =>
    command
      .argument('<TAG...>')
      .option('--until <TIME>', 'when that ends: 30m, 12h, 2d, 4w, or 2031-12-24T18:00:00Z; else when it is unpinned')
      .option('--json', 'prints the previews as they are then')
      .action(ending(run)),
}

async function run(tags: string[], { until, ...options }: ChangeOptions & { until?: string }): Promise<number> {
  const time = until === undefined ? undefined : timeOf(until, Date.now())
  if (until !== undefined && time === undefined)
    throw new UsageError(`'${until}' is no time: write 30m, 12h, 2d, 4w, or 2031-12-24T18:00:00Z`)
  const body = time === undefined ? {} : { until: time }
  return changeAll(tags, ({ api }, id) => call(api, `${previewPath(id)}/pin`, { method: 'PUT', body }), options)
}
