/** `lotan wait`: starts a preview if need be, waits until it answers, and prints its address. */
import { ending, UsageError, type Definition } from '../command.ts'
import { openContext, secondsOf } from '../context.ts'
import { checkNames } from '../preview-name.ts'
import { MOST_SECONDS, waitUntilRunning } from '../wait/wait.ts'

const STANDARD_SECONDS = '60'

interface Options {
  timeout: string
  refresh?: true
  digest?: string
  json?: true
}

export const wait: Definition = {
  name: 'wait',
  summary: 'Waits until a preview answers, starts it if need be, and prints its address.',
  example: 'lotan wait --refresh pr-3001 --timeout 300',
  define: (command) =>
    command
      .argument('<TAG>')
      .option('--timeout <SECONDS>', 'how long to wait', STANDARD_SECONDS)
      .option('--refresh', 'looks for a newer image first: after a push, waits for what was pushed')
      .option('--digest <DIGEST>', 'the same, and waits until this image serves: sha256:…')
      .option('--json', 'prints the preview, or the problem, as the API says it')
      .action(ending(run)),
}

async function run(id: string, { timeout, refresh, digest, json }: Options): Promise<number> {
  checkNames([id])
  if (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest))
    throw new UsageError(`--digest is what docker push prints: sha256: and 64 digits`)
  const seconds = secondsOf(timeout, '--timeout', MOST_SECONDS)
  const context = openContext()
  const { print } = context.output
  const printJson = (value: object) => print(`${JSON.stringify(value, null, 2)}\n`)
  return waitUntilRunning(id, {
    context,
    seconds,
    alone: true,
    refresh,
    digest,
    print: json ? printJson : ({ url }) => print(`${url}\n`),
    printProblem: json && printJson,
  })
}
