/** Times, signals and paths of a stack, as the Compose specification writes them. Pure. */
import { refuse, textOf, type Field } from './field.ts'

const units: Record<string, number> = { us: 0.001, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/**
 * Milliseconds: `1m30s`, `500ms`. https://github.com/compose-spec/compose-spec/blob/main/11-extension.md#specifying-durations
 * @param least milliseconds, as `most`
 */
export function duration(field: Field, { least, most }: { least: number; most: number }): number | undefined {
  const text = textOf(field)
  if (text === undefined) return undefined
  const ms = /^(\d{1,9}(\.\d{1,9})?(us|ms|s|m|h)){1,5}$/.test(text)
    ? [...text.matchAll(/([\d.]+)([a-z]+)/g)].reduce((sum, [, n, unit]) => sum + Number(n) * units[unit!]!, 0)
    : NaN
  if (ms >= least && ms <= most) return Math.round(ms)
  return refuse(field, `write a time such as 1m30s, 10s or 500ms, at least ${words(least)} and at most ${words(most)}`)
}

function words(ms: number): string {
  return ms >= 3_600_000
    ? `${ms / 3_600_000}h`
    : ms >= 60_000
      ? `${ms / 60_000}m`
      : ms >= 1_000
        ? `${ms / 1_000}s`
        : `${ms}ms`
}

const signals =
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'.split(
    ' ',
  )

/** `SIGINT`; a number stays one. */
export function signal(field: Field): string | undefined {
  const text = textOf(field)
  if (text === undefined) return undefined
  const name = text.toUpperCase().replace(/^SIG/, '')
  if (signals.includes(name)) return `SIG${name}`
  if (/^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= 64) return String(Number(text))
  return refuse(field, 'is no signal: write one such as SIGINT')
}

/** Where a volume or a tmpfs is mounted. */
export function target(field: Field, path: string): string | undefined {
  const plain = path.replace(/\/+$/, '')
  const isPath = /^(\/[^/\0:,$\p{Cc}]{1,255}){1,20}$/u.test(plain) && !/\/\.{1,2}(\/|$)/.test(plain)
  if (!isPath) return refuse(field, 'is to have a path inside the container that begins with /, such as /data')
  if (/^\/(proc|sys|dev)(\/|$)/.test(plain)) return refuse(field, `mounts over ${plain}, which is the kernel's`)
  return plain
}
