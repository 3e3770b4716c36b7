/** What hostile containers run, for busybox's shell. */

export const busy = '/bin/busybox'

export const scripts = {
  shortProcesses: `while :; do ${busy} true; done`,
  burner: 'for i in 1 2 3 4; do while :; do :; done & done; wait',
  memoryHog: `while :; do ${busy} tail /dev/zero; echo ended $?; done`,
  /** Within the limit of the disk, over and over. */
  diskWriter: `while :; do ${busy} dd if=/dev/zero of=/f bs=1M count=200 2>/dev/null; ${busy} sync; done`,
}

/** The command of an image that answers, and does this too from a second after its start. */
export function besideAnswering(script: string): string[] {
  return ['sh', '-c', `${busy} httpd -p 80 -h /www; ${busy} sleep 1; ${script}`]
}
