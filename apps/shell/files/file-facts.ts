/** What SFTP tells and asks of a file, in its version 3 (draft-ietf-secsh-filexfer-02). Pure. */
import type { Attributes } from 'ssh2'

export interface Facts {
  attributes: Attributes
  links: number
}

/** @param said by `stat -c '%f %s %u %g %X %Y %h'` */
export function readFacts(said: string): Facts {
  const [mode = '', ...numbers] = said.trim().split(' ')
  const [size = 0, uid = 0, gid = 0, atime = 0, mtime = 0, links = 1] = numbers.map(Number)
  return { attributes: { mode: parseInt(mode, 16), size, uid, gid, atime, mtime }, links }
}

/** `%n` of each, behind a mark. @param folder as it was asked for, with a slash at its end */
export function readList(said: Buffer, mark: string, folder: string): { filename: string; facts: Facts }[] {
  return said
    .toString('utf8')
    .split(`\n${mark}- `)
    .slice(1)
    .map((entry) => {
      const [head = ''] = /^(\S+ ){7}/.exec(entry) ?? []
      const path = entry.slice(head.length).replace(/\n$/, '')
      return { filename: path.slice(folder.length), facts: readFacts(head) }
    })
}

/** As `ls -l` writes it: OpenSSH's client prints it as it is. */
export function longName(filename: string, { attributes, links }: Facts): string {
  const { mode, uid, gid, size, mtime } = attributes
  const date = new Date(mtime * 1_000).toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) (\d+:\d+).*/, '$2 $1 $3 $4')
  return `${modeText(mode)} ${String(links).padStart(3)} ${String(uid).padEnd(8)} ${String(gid).padEnd(8)} ${String(size).padStart(10)} ${date} ${filename}`
}

const TYPES: Record<number, string> = { 0o04: 'd', 0o12: 'l', 0o10: '-', 0o01: 'p', 0o02: 'c', 0o06: 'b', 0o14: 's' }

function modeText(mode: number): string {
  const bits = [6, 3, 0].flatMap((shift) => [4, 2, 1].map((bit) => ((mode >> shift) & bit) !== 0))
  return (TYPES[mode >> 12] ?? '?') + bits.map((has, i) => (has ? 'rwx'[i % 3] : '-')).join('')
}

/** 6.3: what a file is opened for. */
const READ = 1
const WRITE = 2
const APPEND = 4
const CREATE = 8
const TRUNCATE = 16
const EXCLUSIVE = 32

export const appends = (flags: number): boolean => (flags & APPEND) !== 0
export const creates = (flags: number): boolean => (flags & CREATE) !== 0

/** @returns for `open` of file-programs.ts */
export function howOf(flags: number): string {
  const letters = [
    flags & READ ? 'r' : '',
    flags & (WRITE | APPEND) ? 'w' : '',
    flags & CREATE ? 'c' : '',
    flags & TRUNCATE ? 't' : '',
    flags & CREATE && flags & EXCLUSIVE ? 'x' : '',
  ]
  return letters.join('') || '-'
}

export function octal(mode: number): string {
  return (mode & 0o7777).toString(8)
}

/** Each behind its length. */
export function textsOf(data: Buffer | undefined): string[] {
  const texts: string[] = []
  for (let at = 0; data && at + 4 <= data.length;) {
    const length = data.readUInt32BE(at)
    texts.push(data.subarray(at + 4, at + 4 + length).toString('utf8'))
    at += 4 + length
  }
  return texts
}
