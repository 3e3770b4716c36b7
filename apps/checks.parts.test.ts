/** What tools say of all files: types, style, form, who may import whom, and the picture of it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { ESLint } from 'eslint'
import ts from 'typescript'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '..')
// These compute for two minutes and nothing waits for them: stories that run meanwhile go first.
os.setPriority(10)
// One for both: the compiler and ESLint's rules find out the same types, which takes 20 s.
const program = programOf(path.join(root, 'tsconfig.json'))

test('types fit', () => {
  const wrong = ts.getPreEmitDiagnostics(program)
  const said = ts.formatDiagnostics(wrong, {
    getCurrentDirectory: () => root,
    getCanonicalFileName: (file) => file,
    getNewLine: () => '\n',
  })
  assert.equal(said, '')
})

test('eslint has nothing to say', async () => {
  const parserOptions = { projectService: false, programs: [program] }
  const eslint = new ESLint({
    cwd: root,
    overrideConfig: { files: ['apps/**/*.ts'], languageOptions: { parserOptions } },
  })
  const results = await eslint.lintFiles('.')
  const { format } = await eslint.loadFormatter()
  assert.equal(await format(results), '')
})

for (const [name, program, ...args] of [
  ['every file is formatted', 'node_modules/prettier/bin/prettier.cjs', '--check', '.'],
  ['imports keep to the rules', 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs', 'apps'],
  ['the picture of the imports is true', 'apps/testing/picture.ts', '--check'],
] as const)
  test(name, async () => {
    const failed = await run(process.execPath, [path.join(root, program), ...args], { cwd: root }).then(
      () => undefined,
      ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr,
    )
    assert.equal(failed, undefined)
  })

/** As `tsc -p`. */
function programOf(file: string): ts.Program {
  const fail = ({ messageText }: ts.Diagnostic) => assert.fail(ts.flattenDiagnosticMessageText(messageText, '\n'))
  const parsed = ts.getParsedCommandLineOfConfigFile(
    file,
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: fail },
  )!
  return ts.createProgram({
    rootNames: parsed.fileNames,
    options: parsed.options,
    configFileParsingDiagnostics: ts.getConfigFileParsingDiagnostics(parsed),
  })
}
