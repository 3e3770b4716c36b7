/** `npm run generate`. */
import fs from 'node:fs'
import path from 'node:path'
import { withExamples, withProblems } from '../api/documents.ts'
import { withLists, withTables } from './documents.ts'

const root = path.resolve(import.meta.dirname, '../../..')

rewrite('docs/settings.md', withTables)
rewrite('docker-compose.yml', withLists)
rewrite('docs/api.md', (page) => withExamples(withProblems(page)))

function rewrite(name: string, change: (text: string) => string) {
  const file = path.join(root, name)
  fs.writeFileSync(file, change(fs.readFileSync(file, 'utf8')))
}
