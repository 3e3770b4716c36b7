/**
 * Heads of a tar as busybox reads them: POSIX ustar, and GNU's form of a long name. It passes over pax headers, so a tar
 * that has names there would be unpacked under other names than were looked at. Pure.
 */

export const BLOCK = 512

export interface Head {
  /** Its bytes. A folder's ends with no slash. */
  name: Buffer
  isFolder: boolean
  /** Bytes. */
  size: number
  /** Without the type. */
  mode: number
  /** Seconds since 1970. */
  modified: number
}

export function headOf({ name, isFolder, size, mode, modified }: Head): Buffer {
  const whole = isFolder ? Buffer.concat([name, Buffer.from('/')]) : name
  const own = block(whole.subarray(0, 100), { type: isFolder ? '5' : '0', size, mode, modified })
  if (whole.length <= 100) return own
  const text = Buffer.concat([whole, Buffer.of(0)])
  const long = block(Buffer.from('././@LongLink'), { type: 'L', size: text.length, mode: 0o644, modified: 0 })
  return Buffer.concat([long, text, padding(text.length), own])
}

/** What fills the last block of so many bytes. */
export function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)
}

/** Two empty blocks are its end. */
export const END = Buffer.alloc(2 * BLOCK)

interface Fields extends Pick<Head, 'size' | 'mode' | 'modified'> {
  type: string
}

function block(name: Buffer, { type, size, mode, modified }: Fields): Buffer {
  const head = Buffer.alloc(BLOCK)
  name.copy(head, 0)
  head.write(octal(mode & 0o777, 7), 100)
  head.write(octal(0, 7), 108)
  head.write(octal(0, 7), 116)
  writeSize(head, size)
  head.write(octal(Math.min(Math.max(0, Math.floor(modified)), MOST_SECONDS), 11), 136)
  head.write(' '.repeat(8), 148)
  head.write(type, 156)
  // GNU's magic: the long name before it is GNU's.
  head.write('ustar  \0', 257)
  const sum = head.reduce((total, byte) => total + byte, 0)
  head.write(`${octal(sum, 6)}\0 `, 148)
  return head
}

/** 11 octal digits. */
const MOST_SECONDS = 0o77777777777
const MOST_OCTAL = 0o77777777777

/** From 8 GB on, base 256. */
function writeSize(head: Buffer, size: number) {
  if (size <= MOST_OCTAL) return head.write(octal(size, 11), 124)
  head.writeBigUInt64BE(BigInt(size), 128)
  return (head[124] = 0x80)
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}
