/** Which entries of a tar are unpacked: files and folders below its folder, and nothing else. Pure. */

/** As tar-stream reads it, with names as bytes (latin1) where no pax header has them. */
export interface Entry {
  name: string
  type: string | null
  size: number
}

const LINKS = ['link', 'symlink']

/** @returns why the whole tar is refused, as a sentence that names the entry; undefined where it can be unpacked */
export function whyRefused({ name, type, size }: Entry): string | undefined {
  const shown = shownName(name)
  if (type !== null && LINKS.includes(type)) return `${shown} is a link. Links are not unpacked here.`
  if (type !== 'file' && type !== 'directory' && type !== 'contiguous-file')
    return `${shown} is ${type === null ? 'of an unknown kind' : `a ${type}`}. Only files and folders are unpacked here.`
  if (name.includes('\0')) return `${shown} has a zero byte in its name.`
  if (name.startsWith('/')) return `${shown} begins with a slash. Names are below the folder that is written to.`
  const parts = name.split('/')
  if (parts.includes('..')) return `${shown} leads upwards. Names are below the folder that is written to.`
  if (parts.some((part) => part.length > MOST_OF_A_PART)) return `${shown} has a name that is longer than 255 bytes.`
  if (name.length > MOST_OF_A_NAME) return `${shown} is longer than ${MOST_OF_A_NAME} bytes.`
  if (type !== 'directory' && partsOf(name).length === 0) return `${shown} is a file without a name.`
  if (type !== 'directory' && name.endsWith('/')) return `${shown} is a file whose name ends with a slash.`
  if (type === 'directory' && size > 0) return `${shown} is a folder with content of its own.`
  return undefined
}

const MOST_OF_A_PART = 255
/** Linux takes no longer path. */
const MOST_OF_A_NAME = 4_095 - 256

/** @returns the same name without empty parts and dots; empty for the folder itself */
export function plainName(name: string): string {
  return partsOf(name).join('/')
}

function partsOf(name: string): string[] {
  return name.split('/').filter((part) => part !== '' && part !== '.')
}

/** For a sentence: what a terminal would act on is escaped, and a long one is cut. */
function shownName(name: string): string {
  const text = JSON.stringify(Buffer.from(name, 'latin1').toString('utf8').slice(0, 200))

  return text.replace(/[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '�')
}
