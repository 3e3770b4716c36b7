export interface Command {
  /** `lotan wait TAG [--timeout SECONDS]` */
  usage: string
  /** @returns the exit status @throws UsageError, SettingsError, and errors of node:util's `parseArgs`: see main.ts */
  run(args: string[]): Promise<number>
}

export const exit = {
  done: 0,
  /** Worth another try. */
  unexpected: 1,
  /** The command line or a setting is wrong: another try ends the same. */
  usage: 2,
  /** No Lotan answers. */
  away: 3,
  token: 4,
  notOffered: 5,
  failed: 6,
  late: 7,
  /** The preview was stopped or removed meanwhile. */
  stopped: 8,
  /** SIGINT: 128 + 2, as shells count. */
  interrupted: 130,
} as const

export class UsageError extends Error {}
