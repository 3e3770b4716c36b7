/** One entry under `volumes`. Pure. */
import type { Volume } from '../stack.ts'
import { matching, readKeys, refuse, textOf, type Field } from './field.ts'
import { VOLUME_NAME, VOLUME_WANTED } from './mounts.ts'
import { notTaken, whyNotOnVolume } from './refused.ts'

export const SNAPSHOT_NAME = /^[a-z0-9][a-z0-9-]{0,39}$/

const units: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 }
const MOST_KEEP_MS = 3_650 * 86_400_000

export function readVolume(name: string, field: Field): Volume {
  const volume: Volume = { name, keep: null, onPush: 'keep', from: null }
  if (!VOLUME_NAME.test(name)) refuse(field, VOLUME_WANTED)
  readKeys(field, { 'x-lotan': (at) => readOurs(at, volume) }, whyNotOnVolume)
  return volume
}

function readOurs(field: Field, volume: Volume): void {
  readKeys(
    field,
    {
      keep: (at) => {
        volume.keep = keepOf(at) ?? null
      },
      'on-push': (at) => {
        const word = textOf(at)
        if (word === 'keep' || word === 'reset') volume.onPush = word
        else if (word !== undefined) refuse(at, 'is to be keep or reset')
      },
      from: (at) => {
        volume.from = matching(at, SNAPSHOT_NAME, 'is to name a snapshot, with a-z, 0-9 and -, such as golden') ?? null
      },
    },
    (name) =>
      ['host', 'port', 'egress'].includes(name)
        ? 'stands on a service, not here'
        : notTaken('keep, on-push and from')(),
  )
}

function keepOf(field: Field): number | undefined {
  const text = textOf(field)
  if (text === undefined) return undefined
  const [, number, unit] = /^(\d{1,9}(?:\.\d{1,9})?)([mhd])$/.exec(text) ?? []
  const ms = Math.round(Number(number) * (units[unit ?? ''] ?? NaN))
  return ms > 0 && ms <= MOST_KEEP_MS ? ms : refuse(field, 'is to be a time such as 7d, 12h or 30m, at most 3650d')
}
