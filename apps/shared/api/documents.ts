/** Writes the lists of docs/api.md. */
import { between } from '../config/documents.ts'
import { answerText, examplesAt } from './examples.ts'
import { kindOf, problemNames } from './problems.ts'

export function withProblems(page: string): string {
  const rows = problemNames.map((name) => {
    const { status, means } = kindOf(name)
    return `| ${status} | \`${name}\` | ${means} |`
  })
  return between(
    page,
    '<!-- problems -->',
    '<!-- /problems -->',
    unpadded(['| status | type | when |', '| --- | --- | --- |', ...rows]),
  )
}

export function withExamples(page: string): string {
  const examples = examplesAt('http://previews.example.com').flatMap((example) => {
    const code = ['```sh', example.command, '```', '', '```text', answerText(example), '```', '']
    return [`### ${example.name}`, '', example.says, '', ...code]
  })
  return between(page, '<!-- examples -->', '<!-- /examples -->', unpadded(examples.slice(0, -1)))
}

/** Prettier would pad every cell to the longest. */
function unpadded(lines: string[]): string {
  return ['<!-- prettier-ignore-start -->', '', ...lines, '', '<!-- prettier-ignore-end -->', ''].join('\n')
}
