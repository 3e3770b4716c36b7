/** The terminal of a preview's page: set-up builds it of views/shell/, the router serves it. */
import fs from 'node:fs'
import path from 'node:path'

const build = path.resolve(import.meta.dirname, '../../build')

export const terminalFiles = { script: path.join(build, 'terminal.js'), styles: path.join(build, 'terminal.css') }

/** Read anew each time: set-up may have built another one. @returns undefined where it has built none */
export function readTerminal(which: keyof typeof terminalFiles): Buffer | undefined {
  try {
    return fs.readFileSync(terminalFiles[which])
  } catch {
    return undefined
  }
}
