/** `npm run generate`. */
import fs from 'node:fs'
import path from 'node:path'
import { withLists, withTables } from './documents.ts'

const root = path.resolve(import.meta.dirname, '../../..')

rewrite('docs/settings.md', withTables)
rewrite('docker-compose.yml', withLists)

function rewrite(name: string, change: (text: string) => string) {
  const file = path.join(root, name)
  fs.writeFileSync(file, change(fs.readFileSync(file, 'utf8')))
}
