import { ending, type Definition } from '../command.ts'
import { commandIn, placeIn, runInside } from '../inside/command-line.ts'

export const exec: Definition = {
  name: 'exec',
  summary: 'Runs a command in a preview, or in its service (TAG+SERVICE), and ends with its status.',
  example: "lotan exec pr-3001+db -- psql -U app -c 'select 1'",
  handlesSignals: true,
  passesStatus: true,
  define: (command) =>
    command
      .argument('<TAG>', 'of a service: TAG+SERVICE')
      .argument('<CMD...>')
      .option('-T, --no-tty', 'no terminal for it, where there is one here')
      .action(
        ending((tag: string, words: string[], { tty }: { tty: boolean }) =>
          runInside(placeIn(tag), { kind: 'exec', tty, query: commandIn(words) }),
        ),
      ),
}
