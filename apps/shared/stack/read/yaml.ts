/** The package that parses YAML, loaded with the first stack: it costs a process 4 MB. */
import { createRequire } from 'node:module'
import type * as yamlPackage from 'yaml'

type Yaml = typeof yamlPackage

let loaded: Yaml | undefined

export function yaml(): Yaml {
  loaded ??= createRequire(import.meta.url)('yaml') as Yaml
  return loaded
}

/** Where there are no packages beside the program: see yaml-bundled.ts. */
export function useYaml(bundled: Yaml): void {
  loaded = bundled
}
