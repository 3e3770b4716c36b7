import { UsageError, ending, type Definition } from '../command.ts'
import { names, type Name } from '../../supervisor/names.ts'

/** May have a launcher of their own: the demo's registry may not. */
const separate: readonly Name[] = names.filter((name) => name !== 'registry')

export const up: Definition = {
  name: 'up',
  isLocal: true,
  handlesSignals: true,
  summary: 'Runs Lotan: all of it, or these parts.',
  example: 'lotan up',
  define: (command) => command.argument('[PART...]', separate.join(', ')).action(ending(run)),
}

async function run(args: string[]): Promise<number> {
  const stranger = args.find((arg) => !separate.includes(arg as Name))
  if (stranger !== undefined) throw new UsageError(`up takes names of parts, and '${stranger}' is none`)
  const parts = args.length > 0 ? names.filter((name) => args.includes(name)) : null
  // Most of Lotan: no other command has to load it.
  const { launch } = await import('../../supervisor/run.ts')
  return launch(parts)
}
