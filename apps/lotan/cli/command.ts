/** What every command of `lotan` is, and the statuses that commands end with. */

/** One file in commands/, loaded when it is asked for. */
export interface Command {
  /** `lotan wait TAG [--timeout SECONDS]` */
  usage: string
  /**
   * @param args what stands behind the command's name
   * @returns the exit status
   * @throws UsageError, SettingsError, and what `parseArgs` of node:util throws: each ends with status 2, but for
   * settings whose files may be others a moment later
   */
  run(args: string[]): Promise<number>
}

/** 0 only when it did what was asked. */
export const exit = {
  done: 0,
  /** Something unforeseen, or that may mend by itself: worth another try. */
  unexpected: 1,
  /** The command line or a setting cannot be used, now or later. */
  usage: 2,
  /** No Lotan answers. */
  away: 3,
  /** The admin token is missing or wrong. */
  token: 4,
  /** TAG_FILTER does not offer the tag. */
  notOffered: 5,
  /** The preview failed. */
  failed: 6,
  late: 7,
  /** It was stopped or removed meanwhile. */
  stopped: 8,
  /** Ctrl-C, as shells count it. */
  interrupted: 130,
} as const

/** Says what is wrong with the command line. */
export class UsageError extends Error {}
