/** Writes the table of docs/metrics.md. */
import { between } from '../../shared/config/documents.ts'
import { families } from './families.ts'

export function withMetrics(page: string): string {
  const rows = Object.entries(families).map(([name, { labels, help, since }]) => {
    const cells = [`\`${name}\``, labels.map((label) => `\`${label}\``).join(' '), help, since ?? '']
    return `| ${cells.join(' | ')} |`
  })
  // Prettier would pad every cell to the longest.
  const lines = ['<!-- prettier-ignore-start -->', '', '| metric | labels | what it tells | kept by |', '| --- | --- | --- | --- |', ...rows, '', '<!-- prettier-ignore-end -->', ''] // prettier-ignore
  return between(page, '<!-- metrics -->', '<!-- /metrics -->', lines.join('\n'))
}
