/** How a service tells that it is ready. Pure. */
import type { Healthcheck } from '../stack.ts'
import { integer } from '../../config/values/amount.ts'
import { duration } from './amounts.ts'
import { booleanOf, filledText, read, readKeys, refuse, type Field } from './field.ts'
import { notTaken } from './refused.ts'
import { texts } from './words.ts'

const HOUR = 3_600_000

/** Undefined where it cannot be used. Times that it does not give are the engine's own. */
export function healthcheckOf(field: Field): Healthcheck | 'none' | undefined {
  const check = { interval: 30_000, timeout: 30_000, startPeriod: 0, retries: 3 }
  let test: string[] | undefined
  let isGiven = false
  let isDisabled = false
  const time = (name: 'interval' | 'timeout' | 'startPeriod', least: number) => (at: Field) => {
    check[name] = duration(at, { least, most: HOUR }) ?? check[name]
  }
  const before = field.problems.length
  readKeys(
    field,
    {
      test: (at) => {
        isGiven = true
        test = testOf(at)
      },
      disable: (at) => {
        isDisabled = booleanOf(at) ?? false
      },
      interval: time('interval', 1),
      timeout: time('timeout', 1),
      start_period: time('startPeriod', 0),
      retries: (at) => {
        check.retries = read(at, integer(1, 1_000)) ?? check.retries
      },
    },
    (name) =>
      name === 'start_interval'
        ? 'is not taken: Lotan asks every second or sooner while it comes up'
        : notTaken('test, interval, timeout, start_period, retries and disable')(),
  )
  if (isDisabled || test?.[0] === 'NONE') return 'none'
  if (test) return { test, ...check }
  if (!isGiven && field.problems.length === before)
    refuse(field, 'has no test: write one, or leave healthcheck out, and the image’s own counts')
  return undefined
}

function testOf(field: Field): string[] | undefined {
  if (field.tree.kind !== 'list') {
    const line = filledText(field)
    if (line === '') return refuse(field, 'is empty: write a command')
    return line === undefined ? undefined : line === 'NONE' ? ['NONE'] : ['CMD-SHELL', line]
  }
  const words = texts(field)
  if (!words) return undefined
  const isGood =
    (words[0] === 'NONE' && words.length === 1) ||
    (words[0] === 'CMD' && words.length > 1 && words[1] !== '') ||
    (words[0] === 'CMD-SHELL' && words.length === 2 && words[1] !== '')
  return isGood ? words : refuse(field, 'is to be [CMD, program, argument, …], [CMD-SHELL, "one line"] or [NONE]')
}
