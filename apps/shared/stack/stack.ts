/** The stack of a preview: its application, and the services that run beside it. Pure. */

/** When a container that depends on another may start. */
export type Condition = 'service_started' | 'service_healthy' | 'service_completed_successfully'

/** Null, here and below: the image's own, or Lotan's usual one. */
export interface Part {
  /** `[a-z][a-z0-9]{0,19}`. Other parts of the stack reach it by this name. */
  name: string
  command: string[] | null
  entrypoint: string[] | null
  /** Values may hold `${LOTAN_SECRET_X}` and other variables: variables.ts fills them in. */
  environment: Record<string, string>
  dependsOn: Record<string, Condition>
  mounts: Mount[]
  tmpfs: Tmpfs[]
  stopSignal: string | null
  stopSeconds: number | null
  user: string | null
  workingDir: string | null
  init: boolean | null
  /** `512m`. */
  memory: string | null
  cpus: number | null
  pids: number | null
}

/** The tag's own image runs in it. */
export type Application = Part

export interface Service extends Part {
  /** As the stack names it: `postgres:16`. */
  image: string
  /** Null where the stack gives none: then the image's own counts. */
  healthcheck: Healthcheck | 'none' | null
  /** A second host, `TAG--to-NAME.TL_DOMAIN`. Port null: the image's only exposed port, else 80. */
  host: { port: number | null } | null
  /** Whether it may call out of its preview. */
  egress: boolean
}

/** Milliseconds. */
export interface Healthcheck {
  /** As the Compose specification has it: `CMD` and words, or `CMD-SHELL` and one line. */
  test: string[]
  interval: number
  timeout: number
  startPeriod: number
  /** So many failures in a row, each an interval apart and after the start period, make it unhealthy. */
  retries: number
}

export interface Mount {
  volume: string
  target: string
  readOnly: boolean
}

export interface Tmpfs {
  target: string
  /** `64m`. */
  size: string | null
}

export interface Volume {
  name: string
  /** How long it outlives container and image, milliseconds; null: LOTAN_DATA_DAYS. */
  keep: number | null
  /** What a new image of the application does to it. */
  onPush: 'keep' | 'reset'
  /** The snapshot that it begins with. */
  from: string | null
}

export interface Stack {
  app: Application
  /** In the order of the file. */
  services: Service[]
  volumes: Volume[]
  /** A digest of services and volumes: where it is equal, the services can serve the next image too. */
  spec: string
}

/** `line` is counted from 1; null where no line is to blame. `key`: `services.db.ports`. */
export interface StackProblem {
  line: number | null
  key: string
  /** Without line and key: `is not taken: …`. */
  problem: string
}

export type ReadStack = { stack: Stack } | { problems: StackProblem[] }

/** `line 4, services.db.ports: is not taken`. */
export function problemText({ line, key, problem }: StackProblem): string {
  return `${line === null ? '' : `line ${line}, `}${key === '' ? '' : `${key}: `}${problem}`
}
