/** What holds of all source files: types, style, form, and who may import whom. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '..')

for (const [name, ...command] of [
  ['types fit', 'typescript/bin/tsc', '-p', '.'],
  ['eslint has nothing to say', 'eslint/bin/eslint.js', '.'],
  ['every file is formatted', 'prettier/bin/prettier.cjs', '--check', '.'],
] as const) {
  test(name, async () => {
    const [program, ...args] = command
    const file = path.join(root, 'node_modules', program)
    const failed = await run(process.execPath, [file, ...args], { cwd: root }).then(
      () => undefined,
      ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr,
    )
    assert.equal(failed, undefined)
  })
}

interface Source {
  /** From the root: `apps/router/gateway/decide.ts`. */
  file: string
  text: string
  imports: { of: string; typeOnly: boolean }[]
}

const sources: Source[] = fs
  .globSync('apps/**/*.ts', { cwd: root, exclude: (name) => name.endsWith('node_modules') })
  .map((file) => {
    const text = fs.readFileSync(path.join(root, file), 'utf8')
    return { file, text, imports: importsOf(file, text) }
  })

/** Tests, what they share, and benches: they may reach further than what is tested. */
const isBed = (file: string) => /\.(test|long)\.ts$|\bharness\.ts$|^apps\/(testing|bench)\//.test(file)
const product = sources.filter(({ file }) => !isBed(file))

test('the checks look at all sources', () => {
  const files = sources.map(({ file }) => file)
  for (const file of ['apps/checks.test.ts', 'apps/lotan/main.ts', 'apps/shared/tag.ts'])
    assert.ok(files.includes(file))
  const found = importsOf(
    'apps/a/b.ts',
    `import type { A } from '../shared/a.ts'\nimport {\n  b,\n} from './c.ts'\nawait import('d')\nexport * from "e"\nimport 'f'\n`,
  )
  assert.deepEqual(found, [
    { of: 'apps/shared/a.ts', typeOnly: true },
    { of: 'apps/a/c.ts', typeOnly: false },
    { of: 'e', typeOnly: false },
    { of: 'd', typeOnly: false },
    { of: 'f', typeOnly: false },
  ])
})

test('an app imports its own files and shared, and shared imports no app', () => {
  const strangers = sources
    // Story tests, and what they stand on, cross apps.
    .filter(({ file }) => !/^apps\/(testing|stories)\//.test(file))
    .flatMap(({ file, imports }) => {
      const own = [appOf(file), 'shared', ...(isBed(file) ? ['testing'] : [])]
      return imports
        .filter(({ of }) => of.startsWith('apps/') && !own.includes(appOf(of)))
        .map(({ of }) => `${file} imports ${of}`)
    })
  assert.deepEqual(strangers, [])
})

test('nothing that is shipped imports a test, or a package that only tests are given', () => {
  const { dependencies } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    dependencies: object
  }
  const wrong = product.flatMap(({ file, imports }) =>
    imports
      .filter(({ of, typeOnly }) =>
        of.startsWith('apps/') ? isBed(of) : !typeOnly && !of.startsWith('node:') && !(of in dependencies),
      )
      .map(({ of }) => `${file} imports ${of}`),
  )
  assert.deepEqual(wrong, [])
})

test('a library has one home', () => {
  const homes: [library: RegExp, home: RegExp][] = [
    [/^better-sqlite3$/, /^apps\/shared\/store\//],
    [/^dockerode$/, /^apps\/shared\/engine\//],
    [/^(bullmq|ioredis)$/, /^apps\/shared\/queue\.ts$/],
    [/^node:https$/, /^apps\/(shared\/(registry|engine)\/|lotan\/cli\/api\.ts$)/],
    [/^@aws-sdk\//, /^apps\/shared\/registry\/ecr\.ts$/],
    [/^express$|^helmet$/, /^apps\/router\//],
  ]
  const astray = product.flatMap(({ file, imports }) =>
    imports
      .filter(({ of }) => homes.some(([library, home]) => library.test(of) && !home.test(file)))
      .map(({ of }) => `${file} imports ${of}`),
  )
  assert.deepEqual(astray, [])
})

test('only config reads the environment', () => {
  // What runs inside a container of the tests is no part of Lotan.
  const readers = sources.filter(
    ({ file, text }) => file !== 'apps/testing/images/app.ts' && text.includes(`process.${'env'}`),
  )
  assert.deepEqual(
    readers.map(({ file }) => file),
    ['apps/shared/config/config.ts'],
  )
})

test('pure files know no clock, no chance, no environment and nobody outside', () => {
  const pure = [
    'shared/tag',
    'shared/preview/preview',
    'shared/preview/failure-reason',
    'shared/slots/slots',
    'shared/preview/timeouts',
    'shared/preview/start-queue',
    'shared/slots/slot-scheme',
    'shared/disk-space',
    'shared/preview/transitions',
    'shared/preview/fork-bomb',
    'shared/preview/failure',
    'shared/preview/update',
    'shared/preview/pause',
    'shared/preview/start',
    'shared/preview/states',
    'shared/preview/stop',
    'shared/preview/streams',
    'shared/preview/image-update',
    'shared/config/lua-pattern',
    'shared/config/settings',
    'router/gateway/decide',
    'lotan/cli/wait/line',
    'lotan/cli/wait/seen',
    'router/pages/start-estimate',
    'router/pages/image-source',
    'reaper/plan',
    'reaper/evict',
    'queue-processor/network/firewall-rules',
  ].map((name) => `apps/${name}.ts`)
  const wrong = pure.flatMap((file) => {
    const source = sources.find((source) => source.file === file)
    if (!source) return [`${file} is not there`]
    const uses = /\b(Date\.now|new Date\(\)|performance\.|Math\.random|setTimeout|setInterval|process\.|fetch\()/.exec(
      source.text,
    )
    const imports = source.imports.filter(
      ({ of, typeOnly }) => !typeOnly && !['node:crypto', 'node:net'].includes(of) && !pure.includes(of),
    )
    return [...imports.map(({ of }) => `${file} imports ${of}`), ...(uses ? [`${file} uses ${uses[0]}`] : [])]
  })
  assert.deepEqual(wrong, [])
})

test('no test is left out', () => {
  const partial = sources
    .filter(({ file }) => isBed(file) && file !== 'apps/checks.test.ts')
    .filter(({ text }) => /\b(test|it|describe|suite|t)\.(only|skip|todo)\b|\b(only|skip|todo): /.test(text))
  assert.deepEqual(
    partial.map(({ file }) => file),
    [],
  )
})

/** `apps/router/gateway/decide.ts` → `router`. */
function appOf(file: string): string {
  return file.split('/')[1]!
}

/** What a file imports: files as paths from the root, packages by their name. */
function importsOf(file: string, text: string): Source['imports'] {
  const from = /^(?:import|export) (type )?(?:[\w*][\w* ]*(?:, )?)?(?:\{[^}]*\})? ?from ['"]([^'"]+)['"]/gm
  const bare = /^import ()['"]([^'"]+)['"]|\bimport\(()['"]([^'"]+)['"]\)/gm
  return [...text.matchAll(from), ...text.matchAll(bare)].map(([, type, name, , dynamic]) => {
    const of = (name ?? dynamic)!
    return { of: of.startsWith('.') ? path.join(path.dirname(file), of) : of, typeOnly: type === 'type ' }
  })
}
