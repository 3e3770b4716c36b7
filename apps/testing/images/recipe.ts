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
  /** File capabilities of the program, as for `setcap`; only images of busybox have them. */
  capabilities?: string
  /** A line of the Dockerfile. */
  healthcheck?: string
  /** Kilobytes that do not compress, so that a pull takes time. */
  ballast?: number
  stopSignal?: string
}

/** As an image's configuration has it. */
export function configOf({ env = {}, labels = {}, expose = [], volumes = [], cmd, entrypoint, stopSignal }: Recipe) {
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
  }
}
