/** Which entries of a tar that came are written here, and below which name. Pure. */

export type Meant =
  /** `parts` below what was asked for; none: that itself. */
  { does: 'folder' | 'file'; parts: string[] } | { does: 'skip'; why: string } | { does: 'refuse'; why: string }

/** @param strip how many parts of each name are that of what was asked for */
export function meantBy({ name, type }: { name: string; type: string | null }, strip: 0 | 1): Meant {
  if (name.includes('\0')) return { does: 'refuse', why: 'its name has a zero byte' }
  if (name.startsWith('/')) return { does: 'refuse', why: 'its name begins with a slash' }
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) return { does: 'refuse', why: 'its name leads upwards' }
  if (type === 'symlink' || type === 'link') return { does: 'skip', why: 'it is a link' }
  if (type === 'directory') return { does: 'folder', parts: parts.slice(strip) }
  if (type === 'file' || type === 'contiguous-file') return { does: 'file', parts: parts.slice(strip) }
  return { does: 'refuse', why: `it is ${type === null ? 'of an unknown kind' : `a ${type}`}` }
}
