/** A clock of wall time for a Lotan alone, which a test steps. The engine's goes on, as on another machine. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { surroundings } from './surroundings.ts'

export type Clock = ReturnType<typeof openClock>

export function openClock() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-clock-'))
  const file = path.join(dir, 'offset')
  // nginx's workers are another user.
  fs.chmodSync(dir, 0o755)

  const variables = {
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }

  function wrap(name: string, first: string, becomes: string): void {
    fs.writeFileSync(path.join(dir, name), `#!/bin/sh\n${first}\nexec ${becomes}\n`, { mode: 0o755 })
  }

  /** @param seconds from the machine's clock on, all programs within a second */
  function set(seconds: number): void {
    // A reader must never find it empty.
    fs.writeFileSync(`${file}.new`, `${seconds < 0 ? '' : '+'}${seconds}`)
    fs.renameSync(`${file}.new`, file)
  }
  set(0)

  // Its allocator asks for the time before the library can answer.
  wrap('redis-server', 'unset LD_PRELOAD', '/usr/bin/redis-server "$@"')
  // It gives its workers no variable that it is not told to.
  wrap(
    'nginx',
    '',
    `/usr/sbin/nginx "$@" -g '${Object.keys(variables)
      .map((name) => `env ${name};`)
      .join(' ')}'`,
  )

  return {
    set,

    /** Timers go on: no program's monotonic clock is stepped. Redis keeps the machine's clock. */
    env: { PATH: `${dir}:${surroundings.PATH}`, LD_PRELOAD: library(), ...variables },

    close: () => fs.rmSync(dir, { recursive: true }),
  }
}

/** Of Debian's package, in the directory of the machine's architecture. */
function library(): string {
  const found = fs.globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')[0]
  if (!found) throw new Error('libfaketime is not installed')
  return found
}
