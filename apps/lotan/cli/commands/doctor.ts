import { ending, type Definition } from '../command.ts'

export const doctor: Definition = {
  name: 'doctor',
  isLocal: true,
  summary: 'Looks for what keeps Lotan from working, and says what to do about it.',
  example: 'lotan doctor',
  define: (command) =>
    command.option('--json', 'prints what was found').action(
      ending(async (options: { json?: true }) => {
        const { doctor } = await import('../../doctor/doctor.ts')
        return doctor(options)
      }),
    ),
}
