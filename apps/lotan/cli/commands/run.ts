import { ending, UsageError, type Definition } from '../command.ts'
import { commandIn, placeIn, runInside } from '../inside/command-line.ts'

interface Options {
  e: string[]
  u?: string
  w?: string
  memory?: string
  cpus?: string
  tty: boolean
}

export const run: Definition = {
  name: 'run',
  summary: 'Runs a command in a container of its own, of a preview’s image.',
  example: 'lotan run pr-3001 -e STEPS=2 -- npm run migrate',
  handlesSignals: true,
  passesStatus: true,
  define: (command) =>
    command
      .argument('<TAG>')
      .argument('<CMD...>')
      .option('-e <A=1>', 'a variable; may be given several times', (one: string, all: string[]) => [...all, one], []) // prettier-ignore
      .option('-u <USER>', 'name or number, else that of the image')
      .option('-w <DIR>', 'where it runs, else as the image says')
      .option('--memory <SIZE>', 'as 512m or 1g; not more than a preview may have')
      .option('--cpus <N>', 'as 0.5 or 1; not more than a preview may have')
      .option('-T, --no-tty', 'no terminal for it, where there is one here')
      .action(ending(runOnce)),
}

async function runOnce(
  tag: string,
  words: string[],
  { e: env, u: user, w: workdir, memory, cpus, tty }: Options,
): Promise<number> {
  const place = placeIn(tag)
  if (place.service !== null) throw new UsageError(`run takes a tag: its container has the image of ${place.id} itself`)
  const wrong = env.find((one) => !/^[^=\s]+=/.test(one))
  if (wrong !== undefined) throw new UsageError(`-e is NAME=VALUE, and '${wrong}' is not`)
  const more = Object.entries({ user, workdir, memory, cpus }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return runInside(place, {
    kind: 'run',
    tty,
    query: [...commandIn(words), ...env.map((one) => ['env', one] as const), ...more],
  })
}
