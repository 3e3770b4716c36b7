import { ending, type Definition } from '../command.ts'
import { placeIn, runInside } from '../inside/command-line.ts'

export const shell: Definition = {
  name: 'shell',
  summary: 'Opens a shell in a preview, or in its service (TAG+SERVICE), and wakes it first.',
  example: 'lotan shell pr-3001+db',
  handlesSignals: true,
  passesStatus: true,
  define: (command) =>
    command
      .argument('<TAG>', 'of a service: TAG+SERVICE. At the begin of a line ~. leaves, whatever runs')
      .action(ending((tag: string) => runInside(placeIn(tag), { kind: 'exec', query: [] }))),
}
