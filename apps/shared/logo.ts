/** LOTAN_LOGO: the picture that all pages show. */
import fs from 'node:fs'
import type { NamedFiles, Problem } from './config/config.ts'

export interface Logo {
  /** By its content: what the name ends with does not count. */
  type: string
  body: Buffer
}

/** Each page for visitors carries it. */
export const MOST_BYTES = 50_000

/** The picture as it is now. @throws where it cannot be used, in words that say what to do */
export function readLogo(file: string): Logo {
  const stat = fs.statSync(file)
  if (!stat.isFile()) throw new Error('it is no file: name a picture')
  if (stat.size > MOST_BYTES) {
    const size = Math.ceil(stat.size / 1_000)
    throw new Error(`it has ${size} kB: make it smaller, at most ${MOST_BYTES / 1_000} kB, since every page carries it`)
  }
  const body = fs.readFileSync(file)
  const type = imageType(body)
  if (type === undefined) throw new Error('it is no picture: use an SVG, PNG, JPEG, WebP or ICO file')
  return { type, body }
}

export function logoProblems({ brand }: Pick<NamedFiles, 'brand'>): Problem[] {
  if (!brand?.logo) return []
  try {
    readLogo(brand.logo)
    return []
  } catch (error) {
    const problem = `is ${brand.logo}, which cannot be used: ${(error as Error).message}`
    return [{ variable: 'LOTAN_LOGO', problem }]
  }
}

const signatures: [type: string, at: number, bytes: string][] = [
  ['image/png', 0, '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', 0, '\xff\xd8\xff'],
  ['image/webp', 8, 'WEBP'],
  ['image/x-icon', 0, '\x00\x00\x01\x00'],
]

export function imageType(body: Buffer): string | undefined {
  const text = body.toString('latin1')
  const found = signatures.find(([, at, bytes]) => text.startsWith(bytes, at))
  return found?.[0] ?? (isSvg(body.toString('utf8')) ? 'image/svg+xml' : undefined)
}

/** Before its root there may be a declaration, a document type and comments. */
function isSvg(text: string): boolean {
  const root = text
    .replace(/^\ufeff/, '')
    .replace(/^(\s+|<\?[^]*?\?>|<!--[^]*?-->|<!DOCTYPE[^>[]*(\[[^\]]*\])?[^>]*>)*/i, '')
  return /^<svg[\s>]/.test(root) && /\sxmlns\s*=/.test(root.slice(0, root.indexOf('>')))
}
