/** Every setting, read from the environment in one place and checked all together. The only file that reads it. */

/** What all processes are run with. Durations are milliseconds. */
export interface Config {
  /** `registry.example.com/team/app`, without a tag. */
  repository: string
  domain: string
  /** Previews and admin page as the public sees them: `http:` or `https:`, and the port (null: the scheme's own). */
  publicUrl: { protocol: 'http:' | 'https:'; port: number | null }
  listen: { host: string; port: number }
  dataDir: string
  /** Sockets, pid files, nginx's configuration and temporary files. Paths below it stay short enough for sockets. */
  runDir: string
  /** 8 hexadecimal digits that tell this Lotan's containers, images and network from another's. */
  instance: string
  adminToken: string
  adminWelcome: string
  adminInfo: string
  redis: { url: string } | { socket: string }
  dockerHost: string | null
  dockerConfig: string
  stopAfter: number
  rmiAfter: number
  refreshEvery: number
  startTimeout: number
  hold: number
  maxRunning: number
  slots: number
  transliterate: boolean
  /** What every container is given, after ENV_ARGS and LOTAN_CONTAINER_ENV_. */
  containerEnv: Record<string, string>
  /** LOTAN_CONTAINER_PORT, or null for the image's own choice. */
  containerPort: number | null
  limits: { memory: string; cpus: number; pids: number }
}

/** A setting that cannot be used: its variable, and what to do about it. */
export interface Problem {
  variable: string
  problem: string
}
