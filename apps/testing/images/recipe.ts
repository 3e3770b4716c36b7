import type { Layer } from './layers.ts'

/** An image; `config` as its configuration has it. */
export interface Made {
  layers: Layer[]
  config: object
}

/** What a test wants of an image. */
export interface Recipe {
  env?: Record<string, string | number>
  labels?: Record<string, string | number>
  expose?: number[]
  cmd?: string[]
  volumes?: string[]
  entrypoint?: string[]
  /** For busybox's shell, by path in the image. */
  scripts?: Record<string, string>
  /** As an image's configuration has it. Nanoseconds. */
  healthcheck?: { Test: string[]; Interval: number; Timeout: number }
  /** Kilobytes that do not compress, so that a pull takes time. Several make a layer each. */
  ballast?: number | number[]
  stopSignal?: string
}

/** As an image's configuration has it. */
export function configOf(recipe: Recipe) {
  const { env = {}, labels = {}, expose = [], volumes = [], cmd, entrypoint, stopSignal, healthcheck } = recipe
  const set = (names: string[]) => Object.fromEntries(names.map((name) => [name, {}]))
  const texts = (values: Record<string, string | number>) =>
    Object.entries(values).map(([name, value]) => [name, String(value)] as const)
  return {
    Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...texts(env).map((it) => it.join('='))],
    Cmd: cmd,
    Entrypoint: entrypoint,
    Labels: Object.fromEntries(texts({ 'lotan.test': 'true', ...labels })),
    ExposedPorts: set(expose.map((port) => `${port}/tcp`)),
    Volumes: set(volumes),
    StopSignal: stopSignal,
    Healthcheck: healthcheck,
  }
}
