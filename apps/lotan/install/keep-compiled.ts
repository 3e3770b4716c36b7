/** Fills NODE_COMPILE_CACHE, for an image: what a new container runs is compiled already, so it starts in half the time. */
import fs from 'node:fs'

const programs = [
  'router/main.ts',
  'queue-processor/main.ts',
  'reaper/main.ts',
  'forge/main.ts',
  'shell/main.ts',
  'lotan/main.ts',
  // Its import of the launcher is not one of main.ts.
  'lotan/cli/commands/up.ts',
  'lotan/healthcheck.ts',
]

for (const program of programs) {
  const file = new URL(`../../${program}`, import.meta.url)
  // Not the program itself, which would run.
  const imports = fs.readFileSync(file, 'utf8').matchAll(/(?:from |import\()'(\.[^']+)'/g)
  for (const [, imported] of imports) await import(new URL(imported!, file).href)
}
