/** Bundles the terminal of a preview's page into build/terminal.js and .css: node apps/lotan/install/build-terminal.ts */
import fs from 'node:fs'
import path from 'node:path'
import { build, type Plugin } from 'esbuild'
import { terminalFiles } from '../../shared/terminal-files.ts'
import { replaceFile } from './replace-file.ts'

const root = path.resolve(import.meta.dirname, '../../..')

/**
 * What of xterm a policy without `unsafe-inline` refuses, and how often its file has it. It writes three style elements:
 * they get the page's nonce. It writes one style attribute, for colours beyond the palette's 256: the same is allowed as
 * a property. No option of it does this (xterm 6.0; asked for since its issue 4445).
 */
const inline = [
  {
    times: 3,
    pattern: /([\w.]+)\.createElement\("style"\)/g,
    instead: 'Object.assign($1.createElement("style"),{nonce:document.querySelector("script[nonce]").nonce})',
  },
  {
    times: 1,
    pattern: /(\w+)\.setAttribute\("style",`\$\{\1\.getAttribute\("style"\)\|\|""\}\$\{(\w+)\};`\)/g,
    instead: '$1.style.cssText+=$2+";"',
  },
]

const strictly: Plugin = {
  name: 'without inline styles',
  setup(bundle) {
    bundle.onLoad({ filter: /@xterm\/xterm\/lib\/xterm\.mjs$/ }, ({ path: file }) => ({
      contents: inline.reduce(replaceAll, fs.readFileSync(file, 'utf8')),
      loader: 'js',
    }))
  },
}

if (import.meta.main) await buildTerminal()

/** The same sources make the same bytes. */
export async function buildTerminal(): Promise<void> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { terminal: 'views/shell/page.js' },
    outdir: 'build',
    bundle: true,
    write: false,
    platform: 'browser',
    target: 'es2022',
    format: 'esm',
    minify: true,
    // Licences ask for it.
    legalComments: 'eof',
    plugins: [strictly],
    logLevel: 'error',
  })
  for (const { path: file, contents } of outputFiles)
    replaceFile(file.endsWith('.css') ? terminalFiles.styles : terminalFiles.script, contents)
}

/** @throws where another version of xterm has it elsewhere: look what of it a strict policy refuses then */
function replaceAll(source: string, { times, pattern, instead }: (typeof inline)[number]): string {
  const found = [...source.matchAll(pattern)].length
  if (found !== times) throw new Error(`xterm has ${pattern} ${found} times, not ${times}`)
  return source.replace(pattern, instead)
}
