/** What `shell`, `exec` and `run` have in common. */
import { UsageError } from '../command.ts'
import { openContext } from '../context.ts'
import { checkNames } from '../preview-name.ts'
import { readPlace, shownPlace, type Place } from './place.ts'
import { holdSession, type SessionAsk } from './session.ts'

/** @throws UsageError */
export function placeIn(text: string): Place {
  const place = readPlace(text)
  if ('why' in place) throw new UsageError(place.why)
  checkNames([place.id])
  return place
}

/** A terminal there where there is one here, as `docker compose exec` has it. @returns the exit status */
export function runInside(
  place: Place,
  { tty = true, ...ask }: Pick<SessionAsk, 'kind' | 'query'> & { tty?: boolean },
): Promise<number> {
  const terminal = tty && process.stdin.isTTY && process.stdout.isTTY
  const service = place.service === null ? [] : [['service', place.service] as const]
  return holdSession(openContext(), {
    ...ask,
    id: place.id,
    name: shownPlace(place),
    terminal,
    query: [...service, ...ask.query],
  })
}

export const commandIn = (command: readonly string[]) => command.map((word) => ['cmd', word] as const)
