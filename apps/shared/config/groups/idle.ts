import { z } from 'zod'
import { rules, setting } from '../setting.ts'
import { duration, idleSpan, pauseSpan } from '../values/amount.ts'
import { agents, paths } from '../values/text.ts'

const settings = {
  INACTIVITY_STOP_TIMEOUT_MINUTES: setting(idleSpan, {
    description: 'Stop a preview after this long without activity.',
    standard: '10',
  }),
  INACTIVITY_PAUSE_TIMEOUT_MINUTES: setting(pauseSpan, {
    description: 'Freeze it first, after this long, at least 0.1. A click then takes milliseconds.',
    standard: 'off',
  }),
  INACTIVITY_RMI_TIMEOUT_MINUTES: setting(idleSpan, {
    description: 'Remove its container and image after this long.',
    standard: '60',
  }),
  LOTAN_GRACE_SECONDS: setting(duration('seconds', 3_600, 0), {
    description: 'How long open connections may go on when a preview is stopped.',
    standard: '30',
  }),
  LOTAN_ROBOT_AGENTS: setting(agents, {
    description:
      'More robots than Lotan knows, which never wake a preview nor keep it awake: pieces of user agents, separated by commas.',
  }),
  LOTAN_ROBOT_PATHS: setting(paths, {
    description: 'Paths that never wake a preview nor keep it awake, separated by commas. `*` stands for anything.',
  }),
}

export const idle = {
  title: 'Idle previews',
  settings,
  schema: z
    .object(settings)
    .check(
      rules((given, { good, refuse }) => {
        if (!good('INACTIVITY_STOP_TIMEOUT_MINUTES')) return
        const stop = given.INACTIVITY_STOP_TIMEOUT_MINUTES
        const pause = given.INACTIVITY_PAUSE_TIMEOUT_MINUTES
        const rmi = given.INACTIVITY_RMI_TIMEOUT_MINUTES
        if (good('INACTIVITY_RMI_TIMEOUT_MINUTES') && rmi < stop)
          refuse(
            'INACTIVITY_RMI_TIMEOUT_MINUTES',
            `is ${minutes(rmi)}: write at least INACTIVITY_STOP_TIMEOUT_MINUTES, which is ${minutes(stop)}`,
          )
        if (good('INACTIVITY_PAUSE_TIMEOUT_MINUTES') && pause !== null && pause >= stop)
          refuse(
            'INACTIVITY_PAUSE_TIMEOUT_MINUTES',
            `is ${minutes(pause)}: write less than INACTIVITY_STOP_TIMEOUT_MINUTES, which is ${minutes(stop)}, or off`,
          )
      }),
    )
    .transform((given) => ({
      stopAfter: given.INACTIVITY_STOP_TIMEOUT_MINUTES,
      /** Without open connections; null for never. */
      pauseAfter: given.INACTIVITY_PAUSE_TIMEOUT_MINUTES,
      rmiAfter: given.INACTIVITY_RMI_TIMEOUT_MINUTES,
      /** For open connections, once the preview has no route. */
      grace: given.LOTAN_GRACE_SECONDS,
      /** Beside those that Lotan knows: pieces of user agents, and paths with `*`. */
      robots: { agents: given.LOTAN_ROBOT_AGENTS ?? [], paths: given.LOTAN_ROBOT_PATHS ?? [] },
    })),
}

function minutes(ms: number): number {
  return ms / 60_000
}
