/**
 * Draws which folder imports which, between two marks of docs/architecture.md: `npm run picture`. With `--check` it only
 * says whether the drawing is true.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

interface Module {
  source: string
  dependencies: { resolved: string; dependencyTypes: string[] }[]
}

const root = path.resolve(import.meta.dirname, '../..')
const page = path.join(root, 'docs/architecture.md')
const marks = /(<!-- imports -->\n)[^]*?(\n<!-- \/imports -->)/

const cruiser = path.join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
const cruised = execFileSync(process.execPath, [cruiser, '-T', 'json', 'apps'], { cwd: root, maxBuffer: 2 ** 28 })
const { modules } = JSON.parse(cruised.toString()) as { modules: Module[] }
const was = fs.readFileSync(page, 'utf8')
if (!marks.test(was)) throw new Error('docs/architecture.md has no marks for the picture of the imports')
const now = was.replace(marks, (_, begin: string, end: string) => `${begin}${drawing()}${end}`)

if (now === was) process.exit(0)
if (process.argv.includes('--check')) {
  console.error('the imports in docs/architecture.md are not drawn as they are: npm run picture')
  process.exit(1)
}
fs.writeFileSync(page, now)

function drawing(): string {
  const arrows = new Set<string>()
  for (const { source, dependencies } of modules)
    for (const { resolved, dependencyTypes } of dependencies) {
      const [from, to] = [folderOf(source), folderOf(resolved)]
      if (from && to && from !== to && !dependencyTypes.includes('type-only'))
        arrows.add(`  ${node(from)} --> ${node(to)}`)
    }
  return ['', '```mermaid', 'flowchart TD', ...[...arrows].sort(), '```', ''].join('\n')
}

/** Mermaid takes no slash in a node's id. */
function node(folder: string): string {
  return folder.includes('/') ? `${folder.replace('/', '_')}["${folder}"]` : folder
}

/** Apps are drawn whole, and what they share folder by folder. @returns undefined for what is not drawn */
function folderOf(file: string): string | undefined {
  if (/[.](test|long)[.]ts$|\/harness[.]ts$|^apps\/(testing|stories|bench)\//.test(file)) return undefined
  const [, app, folder] = /^apps\/([^/]+)\/(?:([^/]+)\/)?/.exec(file) ?? []
  return app === 'shared' ? (folder ? `shared/${folder}` : undefined) : app
}
