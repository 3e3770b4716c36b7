import { ending, UsageError, type Definition } from '../command.ts'
import { openContext } from '../context.ts'
import { isLoopback, readForwards, shownAddress } from '../inside/forward/asked.ts'
import { forward as forwardAll } from '../inside/forward/forward.ts'
import { checkNames } from '../preview-name.ts'

export const forward: Definition = {
  name: 'forward',
  summary: 'Leads ports of this machine to ports of a preview and of its services, until Ctrl-C.',
  example: 'lotan forward pr-3001 db:5432 --bind 15432',
  define: (command) =>
    command
      .argument('<TAG>')
      .argument('<[SERVICE:]PORT...>', 'of the application, or of a service of its stack')
      .option(
        '--bind <[ADDRESS:]PORT>',
        'where here, once for each port; else the same port of 127.0.0.1; port 0 is any that is free',
        (one: string, all: string[]) => [...all, one],
        [],
      ) // prettier-ignore
      .action(ending(run)),
}

async function run(id: string, targets: string[], { bind }: { bind: string[] }): Promise<number> {
  checkNames([id])
  const forwards = readForwards(targets, bind)
  if ('why' in forwards) throw new UsageError(forwards.why)
  const context = openContext()
  for (const { host, port } of forwards.filter((one) => !isLoopback(one.host)))
    context.say(`other machines may reach ${shownAddress(host, port)}: whoever does is inside ${id}, without a login`, 'bad') // prettier-ignore
  return forwardAll(context, id, forwards)
}
