import { previewPath } from '../../../shared/api/paths.ts'
import { call, strange } from '../call.ts'
import { ending, exit, type Definition } from '../command.ts'
import { openContext } from '../context.ts'
import { checkNames } from '../preview-name.ts'

export const secrets: Definition = {
  name: 'secrets',
  summary: 'Prints the secrets that Lotan made for the stack of a preview. Its history tells who did.',
  example: 'lotan secrets pr-3001',
  define: (command) =>
    command
      .argument('<TAG>')
      .option('--json', 'prints what the API answers')
      .action(
        ending(async (tag: string, { json: asJson }: { json?: true }) => {
          checkNames([tag])
          const { api, output } = openContext()
          const { json } = await call(api, `${previewPath(tag)}/secrets`)
          if (!Array.isArray(json) || !json.every(isSecret)) throw strange(api, 'something else than secrets')
          const lines = json.map(({ name, value }) => `${name}=${value}\n`)
          output.print(asJson ? `${JSON.stringify(json, null, 2)}\n` : lines.join(''))
          return exit.done
        }),
      ),
}

function isSecret(json: unknown): json is { name: string; value: string } {
  const { name, value } = (json ?? {}) as Record<string, unknown>
  return typeof name === 'string' && typeof value === 'string'
}
