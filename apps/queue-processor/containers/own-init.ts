/** Programs that are an init themselves: under another one they would not be process 1. Pure. */

const INIT_PROGRAMS = [
  'systemd',
  'tini',
  'docker-init',
  'dumb-init',
  'catatonit',
  'my_init',
  's6-svscan',
  'runit',
  'runit-init',
  'runsvinit',
  'openrc-init',
]
/** `init` alone is too common a word: it counts as the first word of the command, or with its path. */
const INIT_PATH = /^\/((usr\/)?(local\/)?s?bin\/)?init$/

export function runsOwnInit(program: string[]): boolean {
  const words = program.flatMap((word) => word.split(/[\s;&|()"']+/)).filter(Boolean)
  return words.some(
    (word, i) => INIT_PROGRAMS.includes(baseOf(word)) || INIT_PATH.test(word) || (i === 0 && baseOf(word) === 'init'),
  )
}

function baseOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1)
}
