import { previewPath } from '../../../shared/api/paths.ts'
import { ask } from '../api.ts'
import { ending, exit, UsageError, type Definition } from '../command.ts'
import { openContext, type Context } from '../context.ts'
import { copyIn, copyOut } from '../inside/copy/copy.ts'
import { readEnd, type End } from '../inside/copy/ends.ts'
import { checkNames } from '../preview-name.ts'
import { waitUntilRunning } from '../wait/wait.ts'

const SHORT_MS = 10_000
const WAKE_SECONDS = 300

export const cp: Definition = {
  name: 'cp',
  summary: 'Copies files and folders into a preview, or out of one.',
  example: 'lotan cp pr-3001+db:/var/lib/app/log.txt .',
  define: (command) =>
    command
      .argument('<FROM>', 'TAG:PATH, TAG+SERVICE:PATH, a path here, or - for a tar')
      .argument(
        '<TO>',
        'the same; one of both is in a preview. A folder that is there is copied into; FOLDER/. is what is in it',
      ) // prettier-ignore
      .action(ending(run)),
}

async function run(one: string, other: string): Promise<number> {
  const [from, to] = [one, other].map(endIn) as [End, End]
  const there = [from, to].filter((end) => end.kind === 'there')
  if (there.length !== 1) throw new UsageError('one of both is in a preview, as pr-7:/srv, and the other one is here')
  const [{ place }] = there as [(typeof there)[0]]
  checkNames([place.id])
  const context = openContext()
  const status = await wake(context, place.id)
  if (status !== exit.done) return status
  if (from.kind === 'there') await copyOut(context, from, to as Exclude<End, { kind: 'there' }>)
  else await copyIn(context, from, to as Extract<End, { kind: 'there' }>)
  return exit.done
}

/** @throws UsageError */
function endIn(text: string): End {
  const end = readEnd(text)
  if ('why' in end) throw new UsageError(end.why)
  return end
}

/** A copy would wake it too, but tell nothing meanwhile. */
async function wake(context: Context, id: string): Promise<number> {
  const now = await ask(context.api, previewPath(id), SHORT_MS)
  if ('json' in now && now.json?.state === 'running') return exit.done
  return waitUntilRunning(id, { context, seconds: WAKE_SECONDS, alone: true, print: () => {} })
}
