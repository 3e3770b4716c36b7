import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pinOf } from './pin-form.ts'

const DAY = 24 * 60 * 60_000

test('a form says how long a preview is pinned', () => {
  const cases: [sent: Record<string, unknown>, until: number | null | undefined][] = [
    [{}, null],
    [{ for: '' }, null],
    [{ for: '1d' }, DAY],
    [{ for: '1w' }, 7 * DAY],
    [{ for: '12h' }, DAY / 2],
    [{ for: '', days: '3' }, 3 * DAY],
    [{ for: '1d', days: '3' }, 3 * DAY],
    [{ for: '1d', days: '' }, DAY],
    [{ days: '0' }, undefined],
    [{ days: '-1' }, undefined],
    [{ days: '1.5' }, undefined],
    [{ days: '99999' }, undefined],
    [{ days: ['1', '2'] }, undefined],
    [{ for: 'ever' }, undefined],
    [{ for: ['1d', '2d'] }, undefined],
  ]
  for (const [sent, until] of cases) {
    const pin = pinOf(sent, 1_000)
    assert.deepEqual(pin && { until: pin.until === null ? null : pin.until - 1_000 }, until === undefined ? undefined : { until }, JSON.stringify(sent))
  }
}) // prettier-ignore
