import { z } from 'zod'
import { rules, setting } from '../setting.ts'
import { integer } from '../values/amount.ts'
import { slotKind } from '../values/text.ts'

const settings = {
  LOTAN_MAX_RUNNING: setting(integer(1, 1_999), {
    description: 'More than this: the longest idle is stopped, else the start queues.',
    standard: '50',
  }),
  LOTAN_SLOTS: setting(integer(2, 1_750), {
    description: 'Size of the pool of addresses nginx is configured with.',
    standard: '500',
  }),
  LOTAN_SLOT_KIND: setting(slotKind, {
    description: 'How nginx reaches previews: `network` (their addresses) or `port` (ports of 127.0.0.1).',
    without: 'the one that works',
  }),
  LOTAN_SANDBOXES: setting(integer(0, 100), {
    description: "Network sandboxes that stand ready, so that a start need not wait for the engine's network; 0: none.",
    standard: '4',
  }),
  LOTAN_KEPT_SANDBOXES: setting(integer(0, 1_999), {
    description:
      'Stopped previews whose sandbox goes on, so that they start again as fast; the longest unused lose it.',
    standard: '50',
  }),
  LOTAN_MEMORY_HIGH_PERCENT: setting(integer(1, 100), {
    description:
      "A start that could bring the machine's memory above this waits, and the longest idle is stopped; 100: none waits.",
    standard: '90',
  }),
  LOTAN_DISK_HIGH_PERCENT: setting(integer(1, 99), {
    description: "Above this much of the engine's disk unused previews go, the longest unused first.",
    standard: '85',
  }),
  LOTAN_DISK_LOW_PERCENT: setting(integer(1, 99), {
    description: 'They go until the disk is below this.',
    standard: '75',
  }),
}

export const capacity = {
  title: 'Capacity',
  settings,
  schema: z
    .object(settings)
    .check(
      rules((given, { good, refuse }) => {
        const { LOTAN_MAX_RUNNING: running, LOTAN_SLOTS: slots } = given
        if (good('LOTAN_SLOTS', 'LOTAN_MAX_RUNNING') && running >= slots)
          refuse('LOTAN_MAX_RUNNING', `is ${running}: write less than LOTAN_SLOTS, which is ${slots}`)
        const { LOTAN_DISK_HIGH_PERCENT: high, LOTAN_DISK_LOW_PERCENT: low } = given
        if (good('LOTAN_DISK_HIGH_PERCENT', 'LOTAN_DISK_LOW_PERCENT') && low >= high)
          refuse('LOTAN_DISK_LOW_PERCENT', `is ${low}: write less than LOTAN_DISK_HIGH_PERCENT, which is ${high}`)
      }),
    )
    .transform((given) => ({
      maxRunning: given.LOTAN_MAX_RUNNING,
      slots: given.LOTAN_SLOTS,
      /** Null for the one that works. */
      slotKind: given.LOTAN_SLOT_KIND,
      /** How many stand `ready`, and how many stopped previews are `kept` one. */
      sandboxes: { ready: given.LOTAN_SANDBOXES, kept: given.LOTAN_KEPT_SANDBOXES },
      /** Percent of the machine's memory. */
      memoryHigh: given.LOTAN_MEMORY_HIGH_PERCENT,
      /** Percent of the engine's disk: above `high`, unused images go until it is below `low`. */
      disk: { high: given.LOTAN_DISK_HIGH_PERCENT, low: given.LOTAN_DISK_LOW_PERCENT },
    })),
}
