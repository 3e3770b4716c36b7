/** Bundles the command line into build/lotan.mjs, which any Node from 22 on runs: node apps/lotan/install/build-client.ts */
import fs from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import { clientFile } from '../../shared/client-file.ts'
import { replaceFile } from './replace-file.ts'

const root = path.resolve(import.meta.dirname, '../../..')

/** Packages in the older form ask for Node's own modules by it. */
const forCommonJs =
  "import { createRequire as requireFor } from 'node:module'; const require = requireFor(import.meta.url);"

if (import.meta.main) await buildClient(clientFile)

/** The same sources make the same bytes: its checksum is a release's. */
export async function buildClient(file: string): Promise<void> {
  const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['apps/lotan/client.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    minify: true,
    // Licences ask for it.
    legalComments: 'eof',
    define: { VERSION: JSON.stringify(version) },
    banner: { js: `#!/usr/bin/env node\n${forCommonJs}` },
    logLevel: 'error',
  })
  replaceFile(file, outputFiles[0]!.contents, 0o755)
}
