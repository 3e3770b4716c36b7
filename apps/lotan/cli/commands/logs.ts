import { previewPath } from '../../../shared/api/paths.ts'
import { text } from 'node:stream/consumers'
import type { Problem } from '../../../shared/api/problem.ts'
import { open, whyOf } from '../api.ts'
import { away, failureOf } from '../call.ts'
import { ending, exit, Failure, UsageError, type Definition } from '../command.ts'
import { openContext } from '../context.ts'
import { checkNames } from '../preview-name.ts'

export const logs: Definition = {
  name: 'logs',
  summary: 'Prints what the application has written.',
  example: 'lotan logs -f --tail 20 pr-3001',
  define: (command) =>
    command
      .argument('<TAG>')
      .option('--service <NAME>', 'what that service of its stack has written')
      .option('-f, --follow', 'goes on until the container ends')
      .option('--tail <LINES>', 'how many of the last lines, or all', '200')
      .action(ending(run)),
}

async function run(
  id: string,
  { follow, tail, service }: { follow?: true; tail: string; service?: string },
): Promise<number> {
  checkNames([id])
  if (!/^(\d{1,9}|all)$/.test(tail)) throw new UsageError('--tail is a number of lines, or all')
  const { api, output } = openContext()
  const of = service === undefined ? '' : `&service=${encodeURIComponent(service)}`
  const path = `${previewPath(id)}/logs?tail=${tail}&follow=${follow ? 1 : 0}${of}`
  // Two kinds, since a proxy or an older Lotan may answer with a problem of any.
  const answer = await open(api, path, { accept: 'text/plain, application/problem+json', signal: output.closed }).catch(
    (error: unknown) => {
      throw away(api, whyOf(error))
    },
  )
  if (answer.statusCode !== 200)
    throw failureOf(answer.statusCode ?? 0, problemIn(await text(answer)), api, answer.headers.location)
  try {
    for await (const piece of answer.setEncoding('utf8') as AsyncIterable<string>) output.print(piece)
  } catch (error) {
    if (output.closed.aborted) return exit.done
    throw new Failure(exit.unexpected, `the log broke off: ${whyOf(error)}; ask again`)
  }
  return exit.done
}

function problemIn(said: string): Partial<Problem> | undefined {
  try {
    return JSON.parse(said) as Partial<Problem>
  } catch {
    return undefined
  }
}
